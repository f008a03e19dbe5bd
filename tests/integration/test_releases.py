"""Releases on the real state machine, real Envoy and real servers: promoted, or taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from shared.runtime.envoy_traffic import SLOTS
from tests.support.console_contract import problems
from tests.support.containers import with_containers
from tests.support.drivers.console_operator import ConsoleOperator
from tests.support.drivers.offline import Deployment, eventually
from tools.base.target import Target, of_emulator
from tools.emulator.pricing.system import PricingSystem
from tools.release.callers import Callers
from tools.release.execution import Ended, Execution

pytestmark = with_containers
RATE = 100


@dataclass(frozen=True)
class Stage:
    """Pricing beside the deployment, and who releases there."""

    system: PricingSystem
    target: Target
    deployment: Deployment

    def release(self, version: str, fault: str | None = None, rate: float = RATE) -> Released:
        """Start it in the slot without calls, lead it, and stop whoever has none at the end."""
        traffic = self.system.envoy.traffic
        slot = traffic.idle()
        assert slot is not None
        self.system.versions[slot].start(version, fault, wait=False)
        with Callers(self.system.envoy.plain_url, rate).calling() as callers:
            *seen, ended = Execution.begin(self.target, "pricing", version).follow(patience=120)
        assert isinstance(ended, Ended)
        weight = traffic.weights()[slot]
        self.system.versions[next(it for it in SLOTS if traffic.weights()[it] == 0)].stop()
        return Released(ended, weight, callers.failed, callers.answers.total(), len(seen))


@dataclass(frozen=True)
class Released:
    """How it ended, the new version's share then, and what callers got."""

    ended: Ended
    weight: int
    failed: int
    calls: int
    observations: int


@pytest.fixture(scope="module")
def stage(deployment: Deployment) -> Iterator[Stage]:
    system = PricingSystem(deployment.emulator.workspace)
    system.start()
    try:
        eventually(lambda: any(system.envoy.traffic.healthy().values()))
        yield Stage(system, of_emulator(deployment.emulator.cloud), deployment)
    finally:
        system.kill()


def test_a_version_of_which_half_the_calls_fail_is_taken_back_before_callers_notice(
    stage: Stage,
) -> None:
    released = stage.release("v2", "errors=0.5")
    assert (released.ended.error, released.weight) == ("RolledBack", 0)
    assert "calls-fail" in released.ended.cause
    assert released.failed <= released.calls * 0.01
    told = ConsoleOperator(stage.deployment).get("releases")
    assert problems("Releases", told) == []
    assert told["services"] == [{"service": "pricing", "runs_on": "envoy"}]
    newest = told["releases"][0]
    assert (newest["version"], newest["state"]) == ("v2", "rolled back")
    judged = told["judged"]
    assert (judged["weight"], judged["reason"], judged["next"]) == (10, "calls-fail", "roll-back")
    assert judged["new"]["failed"] > 1
    assert judged["old"]["calls"] > judged["new"]["calls"]


@pytest.mark.nightly
def test_a_sound_version_is_promoted_without_a_failed_call(stage: Stage) -> None:
    released = stage.release("v3")
    assert released.ended.is_promoted, released
    assert (released.weight, released.failed) == (100, 0)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("errors=0.05", "calls-fail"),
        ("slow=0.3", "too-slow"),
        ("dies", "never-healthy"),
        ("unhealthy", "never-healthy"),
        ("leaks=5", ""),
    ],
)
def test_a_version_with_a_fault_is_taken_back(stage: Stage, fault: str, cause: str) -> None:
    """One that leaks serves until it is killed: its calls or its health tell, what is first."""
    released = stage.release("v4", fault)
    assert (released.ended.error, released.weight) == ("RolledBack", 0)
    assert cause in released.ended.cause
    assert released.failed <= released.calls * 0.01


@pytest.mark.nightly
def test_nothing_is_promoted_that_nobody_calls(stage: Stage) -> None:
    released = stage.release("v5", rate=0.2)
    assert (released.ended.error, released.weight) == ("RolledBack", 0)
    assert "no-traffic" in released.ended.cause


@pytest.mark.nightly
def test_a_second_release_is_refused_and_the_first_goes_on(stage: Stage) -> None:
    traffic = stage.system.envoy.traffic
    slot = traffic.idle()
    assert slot is not None
    stage.system.versions[slot].start("v6", wait=False)
    with Callers(stage.system.envoy.plain_url, RATE).calling():
        first = Execution.begin(stage.target, "pricing", "v6")
        eventually(lambda: traffic.weights()[slot] == 10)
        *_, second = Execution.begin(stage.target, "pricing", "v7").follow(patience=60)
        *_, ended = first.follow(patience=120)
    assert isinstance(second, Ended)
    assert second.error == "Refused"
    assert isinstance(ended, Ended)
    assert ended.is_promoted
    stage.system.versions[next(it for it in SLOTS if it != slot)].stop()


@pytest.mark.nightly
def test_an_envoy_that_is_gone_in_mid_shift_fails_the_release(stage: Stage) -> None:
    """Nobody knows the weights then, and the execution says so."""
    traffic = stage.system.envoy.traffic
    slot = traffic.idle()
    assert slot is not None
    stage.system.versions[slot].start("v8", wait=False)
    with Callers(stage.system.envoy.plain_url, 5).calling():
        execution = Execution.begin(stage.target, "pricing", "v8")
        eventually(lambda: traffic.weights()[slot] == 10)
        stage.system.envoy.stop()
        stage.system.envoy.wait_until_gone()
        *_, ended = execution.follow(patience=400)
    assert isinstance(ended, Ended)
    assert ended.error == "NotRolledBack"
