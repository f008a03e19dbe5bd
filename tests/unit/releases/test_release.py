"""The steps of a release, on Envoy's weights as a fake has them, and on clocks that tests move."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from releases.adapters.envoy_canary import PROOFS, EnvoyCanary
from releases.commands import LOOK_FOR, Release
from releases.domain.judgement import Standard
from releases.domain.progress import Patience
from releases.ports import CanaryFailed, Refused
from shared.runtime.envoy_traffic import EnvoyUnreachable, Figures, WeightNotInForce

LATENCY = ((10.0, 0), (25.0, 0), (100.0, 0), (float("inf"), 0))


@dataclass
class FakeTraffic:
    """One Envoy: each second brings 150 calls, shared by the weights, and a check of each server.

    The new server answers checks for ``lives`` seconds; Envoy believes in it for three more, as it
    does at the beginning in the one that was in the slot before.
    """

    green: int = 0
    well: dict[str, bool] = field(default_factory=lambda: {"blue": True, "green": True})
    fails: float = 0.0
    milliseconds: float = 5.0
    rate: float = 150.0
    swallows: bool = False
    unreachable: bool = False
    now: float = 1000.0
    lives: float = float("inf")
    counted: dict[str, Figures] = field(
        default_factory=lambda: {it: Figures(0, {}, LATENCY) for it in ("blue", "green")}
    )

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for slot, weight in self.weights().items():
            calls = round(self.rate * seconds * weight / 100)
            failed = round(calls * self.fails) if slot == "green" else 0
            slow = self.milliseconds if slot == "green" else 5.0
            before = self.counted[slot]
            self.counted[slot] = Figures(
                before.calls + calls,
                {"UNAVAILABLE": before.failed + failed},
                tuple((it, n + (calls if slow <= it else 0)) for it, n in before.latency),
            )

    def weights(self) -> dict[str, int]:
        if self.unreachable:
            raise EnvoyUnreachable("TimeoutError")
        return {"blue": 100 - self.green, "green": self.green}

    def idle(self) -> str | None:
        weights = self.weights()
        return next((slot for slot in weights if weights[slot] == 0), None)

    def shift(self, slot: str, percent: int) -> None:
        if self.unreachable:
            raise EnvoyUnreachable("TimeoutError")
        if self.swallows and percent:
            raise WeightNotInForce("pricing.green_percent is 0, and 10 was written")
        self.green = percent if slot == "green" else 100 - percent

    def healthy(self) -> dict[str, bool]:
        believed = self.now < 1000 + self.lives + 3
        return {**self.well, "green": self.well["green"] and believed}

    def proofs(self) -> dict[str, int]:
        seconds = self.now - 1000
        green = min(seconds, self.lives) if self.well["green"] else 0
        return {"blue": 70 + int(seconds), "green": 7 + int(green)}

    def figures(self) -> dict[str, Figures]:
        return self.counted


class NoOther:
    """No other release is under way, or one is."""

    def __init__(self, other: str | None = None) -> None:
        self._other = other

    def before(self, service: str, execution: str) -> str | None:
        assert (service, execution) == ("pricing", "pricing.v2.1")
        return self._other


def release_on(traffic: FakeTraffic) -> Release:
    return Release(
        EnvoyCanary(traffic, traffic.clock),
        Standard(patience=20),
        Patience(start=12, settle=12),
        clock=traffic.clock,
        sleep=traffic.sleep,
    )


def played(traffic: FakeTraffic) -> tuple[str, list[dict[str, Any]]]:
    """The state machine's loop: how it ends, and each observation."""
    release = release_on(traffic)
    release.check("v2", "pricing", "pricing.v2.1", NoOther())
    handle = release.start("v2")["handle"]
    seen: list[dict[str, Any]] = []
    while len(seen) < 50:
        seen.append(release.observe(handle))
        match seen[-1]["next"]:
            case "continue":
                handle = release.go_on(handle)["handle"]
            case "wait":
                traffic.sleep(1)
            case ending:
                if ending == "roll-back":
                    release.roll_back(handle, seen[-1]["reason"])
                return str(ending), seen
    raise AssertionError("it goes on for ever")


def test_a_sound_version_gets_a_share_and_then_all_calls() -> None:
    traffic = FakeTraffic()
    ending, seen = played(traffic)
    assert (ending, traffic.green) == ("done", 100)
    assert [it["weight"] for it in seen if it["phase"] == "canary"][-1] == 10
    assert [it["reason"] for it in seen][-1] == "promoted"


def test_the_next_release_goes_the_other_way() -> None:
    traffic = FakeTraffic(green=100)
    ending, _ = played(traffic)
    assert (ending, traffic.green) == ("done", 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"fails": 0.5}, "calls-fail"),
        ({"fails": 0.34}, "calls-fail"),
        ({"milliseconds": 90.0}, "too-slow"),
        ({"rate": 0.0}, "no-traffic"),
        ({"well": {"blue": True, "green": False}}, "never-healthy"),
        ({"lives": 0}, "never-healthy"),
        ({"lives": 1.9}, "never-healthy"),
    ],
)
def test_a_version_with_a_fault_gets_no_calls_in_the_end(
    change: dict[str, Any], reason: str
) -> None:
    traffic = FakeTraffic(**change)
    ending, seen = played(traffic)
    assert (ending, seen[-1]["reason"], traffic.green) == ("roll-back", reason, 0)
    if reason == "never-healthy":
        assert traffic.counted["green"].calls == 0, "nobody has called it"


def with_a_share(traffic: FakeTraffic) -> tuple[Release, dict[str, Any]]:
    """A release whose version is healthy and gets its first calls."""
    release = release_on(traffic)
    handle = release.start("v2")["handle"]
    traffic.sleep(PROOFS)
    return release, release.go_on(handle)["handle"]


def test_one_that_gets_unwell_just_before_its_share_gets_none() -> None:
    """It was found well, and is looked at once more before the weight is written."""
    traffic = FakeTraffic()
    release = release_on(traffic)
    handle = release.start("v2")["handle"]
    traffic.sleep(PROOFS)
    assert release.observe(handle)["next"] == "continue"
    traffic.well = {"blue": True, "green": False}
    handle = release.go_on(handle)["handle"]
    assert (traffic.green, release.observe(handle)["phase"]) == (0, "starting")


def test_one_that_dies_during_the_canary_is_taken_back() -> None:
    traffic = FakeTraffic()
    release, handle = with_a_share(traffic)
    assert traffic.green == 10
    traffic.well = {"blue": True, "green": False}
    assert release.observe(handle)["reason"] == "unhealthy"


def test_a_weight_that_is_swallowed_fails_the_step() -> None:
    traffic = FakeTraffic(swallows=True)
    release = release_on(traffic)
    handle = release.start("v2")["handle"]
    traffic.sleep(PROOFS)
    with pytest.raises(CanaryFailed, match="WeightNotInForce"):
        release.go_on(handle)
    release.roll_back(handle, "a weight was swallowed")
    assert traffic.green == 0


def test_an_envoy_that_does_not_answer_fails_every_step_and_the_way_back_too() -> None:
    traffic = FakeTraffic(unreachable=True)
    release = release_on(traffic)
    with pytest.raises(CanaryFailed):
        release.start("v2")
    with pytest.raises(CanaryFailed):
        release.observe({"slot": "green", "phase": "canary", "since": 0})
    with pytest.raises(CanaryFailed):
        release.roll_back({"slot": "green"}, "x")


def test_a_second_release_is_refused_while_two_versions_share_the_calls() -> None:
    release = release_on(FakeTraffic(green=10))
    with pytest.raises(Refused, match="release-in-progress"):
        release.check("v3", "pricing", "pricing.v2.1", NoOther())


def test_a_second_release_is_refused_before_the_first_has_a_share() -> None:
    with pytest.raises(Refused, match=r"release-in-progress: pricing\.v1\.9"):
        release_on(FakeTraffic()).check("v2", "pricing", "pricing.v2.1", NoOther("pricing.v1.9"))


def test_what_was_not_begun_is_rolled_back_by_doing_nothing() -> None:
    traffic = FakeTraffic(green=10)
    release_on(traffic).roll_back({}, "start failed")
    assert traffic.green == 10, "it is somebody else's canary"


def test_one_observation_ends_within_its_time() -> None:
    traffic = FakeTraffic(rate=1)
    release, handle = with_a_share(traffic)
    began = traffic.now
    assert release.observe(handle)["next"] == "wait"
    assert traffic.now - began <= LOOK_FOR
