"""Weights are in force when Envoy says so twice; figures count each attempt for its version."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from shared.runtime.envoy_traffic import (
    EnvoyUnreachable,
    Figures,
    Traffic,
    WeightNotInForce,
    WeightUnknown,
)

QUOTE = "grpc.shop.pricing.v1.PricingService.Quote"


@dataclass
class FakeEnvoy:
    """Answers as the admin interface does; says OK to every write, as the real one."""

    runtime: dict[str, str] = field(default_factory=dict)
    stats: list[dict[str, Any]] = field(default_factory=list)
    swallows: bool = False
    answer: bytes | None = None

    def __call__(self, method: str, path: str) -> bytes:
        if self.answer is not None:
            return self.answer
        parts = urlsplit(path)
        if parts.path == "/runtime_modify":
            assert method == "POST"
            if not self.swallows:
                self.runtime.update(parse_qsl(parts.query))
            return b"OK\n"
        if parts.path == "/runtime":
            entries = {name: {"final_value": value} for name, value in self.runtime.items()}
            return json.dumps({"entries": entries}).encode()
        return json.dumps({"stats": self.stats}).encode()


def traffic(envoy: FakeEnvoy) -> Traffic:
    return Traffic("http://127.0.0.1:1", ask=envoy)


def stat(slot: str, name: str, value: int) -> dict[str, Any]:
    return {"name": f"cluster.pricing_{slot}.{name}", "value": value}


def test_all_calls_go_to_blue_until_somebody_says_otherwise() -> None:
    assert traffic(FakeEnvoy()).weights() == {"blue": 100, "green": 0}
    assert traffic(FakeEnvoy()).idle() == "green"


@pytest.mark.parametrize("slot", ["blue", "green"])
@pytest.mark.parametrize("percent", [0, 1, 10, 50, 99, 100])
def test_a_share_is_in_force_when_it_was_read_back(slot: str, percent: int) -> None:
    envoy = FakeEnvoy()
    traffic(envoy).shift(slot, percent)
    weights = traffic(envoy).weights()
    assert weights[slot] == percent
    assert sum(weights.values()) == 100


def test_while_both_get_calls_none_is_idle() -> None:
    envoy = FakeEnvoy()
    traffic(envoy).shift("green", 10)
    assert traffic(envoy).idle() is None
    traffic(envoy).shift("green", 100)
    assert traffic(envoy).idle() == "blue"


def test_a_write_that_is_swallowed_is_an_error() -> None:
    envoy = FakeEnvoy({"pricing.green_percent": "10"}, swallows=True)
    with pytest.raises(WeightNotInForce, match="is 10, and 20"):
        traffic(envoy).shift("green", 20)


@pytest.mark.parametrize("found", ["abc", "-1", "101", "10.5", "1e1", "", "٣"])
def test_what_is_no_percentage_is_no_weight(found: str) -> None:
    envoy = FakeEnvoy({"pricing.green_percent": found}, swallows=True)
    with pytest.raises(WeightUnknown):
        traffic(envoy).weights()
    with pytest.raises(WeightNotInForce):
        traffic(envoy).shift("green", 20)


@pytest.mark.parametrize(
    ("slot", "percent"), [("red", 10), ("green", -1), ("green", 101), ("green", True), ("", 0)]
)
def test_no_such_share_is_written(slot: str, percent: int) -> None:
    envoy = FakeEnvoy()
    with pytest.raises(ValueError, match="no share"):
        traffic(envoy).shift(slot, percent)
    assert envoy.runtime == {}


@pytest.mark.parametrize("answer", [b"", b"not JSON", b"[]", b"\xff"])
def test_an_answer_of_somebody_else_is_no_answer(answer: bytes) -> None:
    for look in (Traffic.weights, Traffic.figures, Traffic.healthy, Traffic.proofs):
        with pytest.raises(EnvoyUnreachable):
            look(traffic(FakeEnvoy(answer=answer)))


def test_each_attempt_counts_for_its_version() -> None:
    envoy = FakeEnvoy(
        stats=[
            stat("green", f"{QUOTE}.0", 59),
            stat("green", f"{QUOTE}.13", 32),
            stat("green", f"{QUOTE}.14", 1),
            stat("green", f"{QUOTE}.3", 7),
            stat("green", "upstream_rq_retry", 22),
            stat("green", "upstream_rq_total", 121),
            stat("blue", f"{QUOTE}.0", 105),
            stat("blue", "upstream_rq_total", 105),
        ]
    )
    found = traffic(envoy).figures()
    assert found["blue"] == Figures(105)
    assert found["green"].calls == 121
    assert found["green"].failures == {"INTERNAL": 32, "UNAVAILABLE": 23}
    assert found["green"].failed == 55, "what callers ask wrongly is no failure of a version"


def test_health_is_envoys_own_view() -> None:
    envoy = FakeEnvoy(stats=[stat("blue", "membership_healthy", 1)])
    assert traffic(envoy).healthy() == {"blue": True, "green": False}


def test_checks_that_found_a_server_well_are_counted() -> None:
    envoy = FakeEnvoy(stats=[stat("green", "health_check.success", 4)])
    assert traffic(envoy).proofs() == {"blue": 0, "green": 4}


def test_what_came_between_two_readings_is_judged() -> None:
    before = Figures(100, {"INTERNAL": 5}, ((1.0, 80), (5.0, 100)))
    now = Figures(150, {"INTERNAL": 5, "UNKNOWN": 2}, ((1.0, 90), (5.0, 150)))
    assert now.since(before) == Figures(50, {"UNKNOWN": 2}, ((1.0, 10), (5.0, 50)))


def test_quantiles_lie_between_the_bounds() -> None:
    latency = ((1.0, 50), (5.0, 90), (10.0, 100))
    figures = Figures(100, {}, latency)
    assert figures.quantile(0.25) == pytest.approx(0.5)
    assert figures.quantile(0.5) == pytest.approx(1.0)
    assert figures.quantile(0.9) == pytest.approx(5.0)
    assert figures.quantile(1) == pytest.approx(10.0)
    assert Figures().quantile(0.5) is None
    assert Figures(0, {}, ((1.0, 0),)).quantile(0.5) is None


def test_histograms_are_read_by_slot() -> None:
    buckets = [{"upper_bound": 1, "cumulative": 3}, {"upper_bound": 3e5, "cumulative": 4}]
    histogram = {"name": "cluster.pricing_green.upstream_rq_time", "buckets": buckets}
    found = traffic(FakeEnvoy(stats=[{"histograms": [histogram]}])).figures()
    assert found["green"].latency == ((1.0, 3), (3e5, 4))
    assert found["blue"].latency == ()
