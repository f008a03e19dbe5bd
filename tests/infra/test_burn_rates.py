"""The template's own burn-rate alarms, judged over recorded series: who is woken, who is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.infra.burn_rates import Judge, Series
from tests.infra.system import System, synthesized

Plant = Callable[[dict[str, Any]], None]
BUDGETS = {"AcceptedOrders": 0.001, "FreshViews": 0.01, "ConfirmedInTime": 0.01, "SagasEnd": 0.001}
BUSY = 10_000
"""Requests a minute: so many that each rate is a whole number of failures."""
QUIET = 3 * 60
"""Minutes without a failure that come first."""
DAY = 24 * 60


def series(objective: str, total: Sequence[float | None], bad: Sequence[float | None]) -> Series:
    """What CloudWatch has of an objective's metrics."""
    match objective:
        case "AcceptedOrders":
            return {"5XXError Sum": bad, "Count Sum": total}
        case "FreshViews":
            return {"RecordsProjectedLate Sum": bad, "RecordsProjected Sum": total}
        case "SagasEnd":
            return {"FulfilmentStuck Sum": bad, "ExecutionsStarted Sum": total}
    longer = [
        None if not count else 100 * (failed or 0) / count
        for failed, count in zip(bad, total, strict=True)
    ]
    return {"ExecutionTime PR(300000:)": longer, "ExecutionTime SampleCount": total}


def burning(objective: str, rate: float, *, minutes: int, quiet: int = 0) -> Series:
    """After quiet minutes, failures at that many times the budget."""
    failures = round(BUSY * BUDGETS[objective] * rate)
    return series(
        objective,
        [BUSY] * (quiet + minutes),
        [None] * quiet + [failures] * minutes,
    )


def a_quiet_night(objective: str) -> Series:
    """Three orders an hour for ten hours; one of them fails."""
    total = [1.0 if minute % 20 == 0 else None for minute in range(600)]
    bad = [1.0 if minute == 300 else None for minute in range(600)]
    return series(objective, total, bad)


def wrong(template: System, objective: str) -> list[str]:
    """What the alarms of an objective do that they should not."""
    judge = Judge(template.templates["objectives"])
    composite = f"{objective}Burn"
    found = []
    paged = judge.pages(composite, burning(objective, 14.4, minutes=10, quiet=QUIET))
    if paged is None or paged - QUIET > 5:
        found.append(f"14.4 times the budget pages after {paged and paged - QUIET} minutes")
    if judge.pages(composite, burning(objective, 6, minutes=120, quiet=QUIET)) is None:
        found.append("six times the budget for two hours pages nobody")
    if judge.pages(composite, burning(objective, 1, minutes=2 * DAY)) is not None:
        found.append("exactly on budget pages")
    if judge.pages(composite, a_quiet_night(objective)) is not None:
        found.append("one failure in a quiet night pages")
    over = [*[BUSY] * 10, *[None] * 60]
    past = series(objective, over, [BUSY * BUDGETS[objective] * 100] * 10 + [None] * 60)
    late = {name: [*[None] * 60, *it[:10], *[None] * 60] for name, it in past.items()}
    if judge.pages(composite, late) is None:
        found.append("ten minutes at a hundred times the budget page nobody")
    return found


@pytest.mark.parametrize("environment", ["staging", "prod"])
@pytest.mark.parametrize("objective", BUDGETS)
def test_a_bad_day_pages_within_minutes_and_a_quiet_night_does_not(
    objective: str, environment: str
) -> None:
    assert wrong(synthesized(environment), objective) == []


def change_alarms(pattern: str, change: Plant) -> Callable[[System], None]:
    """Change the properties of all alarms whose ids match."""

    def plant(system: System) -> None:
        for id, it in system.templates["objectives"].body["Resources"].items():
            if it["Type"].startswith("AWS::CloudWatch::") and re.match(pattern, id):
                change(it["Properties"])

    return plant


def threshold(value: float) -> Plant:
    return lambda properties: properties.update(Threshold=value)


def expression(old: str, new: str) -> Plant:
    def change(properties: dict[str, Any]) -> None:
        for it in properties["Metrics"]:
            if "Expression" in it:
                assert old in it["Expression"]
                it["Expression"] = it["Expression"].replace(old, new)

    return change


def period(seconds: int) -> Plant:
    def change(properties: dict[str, Any]) -> None:
        for it in properties["Metrics"]:
            if "MetricStat" in it:
                it["MetricStat"]["Period"] = seconds

    return change


PLANTED = {
    "a long window of an hour": ("AcceptedOrdersFastLong", period(3600)),
    "a threshold ten times too high": ("AcceptedOrdersFastLong", threshold(0.144)),
    "a threshold of once the budget": ("AcceptedOrders.*(Long|Short)", threshold(0.001)),
    "one failure is enough": ("AcceptedOrders.*Long", expression(">= 5", ">= 1")),
    "the slow pair is off": ("AcceptedOrdersSlowLong", threshold(1)),
    "failures are counted as requests": (
        "AcceptedOrders.*(Long|Short)",
        expression("/ requests", "/ 1"),
    ),
    "the short window never rings": ("AcceptedOrders.*Short", threshold(2)),
}


@pytest.mark.parametrize(("pattern", "change"), PLANTED.values(), ids=list(PLANTED))
def test_a_fault_in_the_alarms_is_noticed(pattern: str, change: Plant) -> None:
    faulty = System(synthesized("prod").assembly, "prod")
    change_alarms(pattern, change)(faulty)
    assert wrong(faulty, "AcceptedOrders")


def test_only_the_alarms_that_join_the_windows_tell_somebody() -> None:
    template = synthesized("prod").templates["objectives"]
    joined = list(template.resources("AWS::CloudWatch::CompositeAlarm"))
    assert len(joined) == len(BUDGETS)
    assert all(it.properties["AlarmActions"] for it in joined)
    for alarm in template.resources("AWS::CloudWatch::Alarm"):
        assert "AlarmActions" not in alarm.properties
        assert any(alarm.is_in(it.text(it.properties["AlarmRule"])) for it in joined)


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_every_service_on_call_has_a_dashboard(environment: str) -> None:
    for template in synthesized(environment).templates.values():
        alarms = list(template.resources("AWS::CloudWatch::Alarm"))
        drawn = list(template.resources("AWS::CloudWatch::Dashboard"))
        assert bool(drawn) or not alarms, f"{template.service} has alarms and no dashboard"


def test_an_objective_looks_at_an_api_and_a_stage_that_there_are() -> None:
    """A metric with another dimension's value has no data, and no data never rings."""
    system = synthesized("prod")
    names = {it.text(it.properties["Name"]) for it in system.resources("AWS::ApiGateway::RestApi")}
    stages = {it.properties["StageName"] for it in system.resources("AWS::ApiGateway::Stage")}
    found = [
        {it["Name"]: alarm.text(it["Value"]) for it in metric["MetricStat"]["Metric"]["Dimensions"]}
        for alarm in system.resources("AWS::CloudWatch::Alarm")
        for metric in alarm.properties.get("Metrics", [])
        if metric.get("MetricStat", {}).get("Metric", {}).get("Namespace") == "AWS/ApiGateway"
    ]
    assert found
    for dimensions in found:
        assert dimensions["ApiName"] in names
        assert dimensions["Stage"] in stages
