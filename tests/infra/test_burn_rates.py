"""The template's own burn-rate alarms, judged over recorded series: who is woken, who is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from tests.infra.burn_rates import Judge, Series
from tests.infra.system import System, synthesized
from tests.support.drivers.routes import METHOD, path_of

Plant = Callable[[dict[str, Any]], None]
Minutes = Sequence[float | None]
BUDGETS = {"AcceptedOrders": 0.001, "FreshViews": 0.01, "ConfirmedInTime": 0.01, "SagasEnd": 0.001}
TAKES_ORDERS = ("/v1/orders", "/v2/orders", "/v1/partner-orders")
BUSY = 10_000
"""Requests a minute: so many that each rate is a whole number of failures."""
QUIET = 3 * 60
"""Minutes without a failure that come first."""
DAY = 24 * 60


def requests(path: str, total: Minutes, bad: Minutes) -> Series:
    """All orders come to one path; CloudWatch has nothing of the others."""
    nothing = [None] * len(total)
    return {
        f"{name} {it} Sum": values if it == path else nothing
        for it in TAKES_ORDERS
        for name, values in (("Count", total), ("5XXError", bad))
    }


def views(total: Minutes, late: Minutes) -> Series:
    return {"RecordsProjectedLate Sum": late, "RecordsProjected Sum": total}


def sagas(total: Minutes, stuck: Minutes) -> Series:
    return {"FulfilmentStuck Sum": stuck, "ExecutionsStarted Sum": total}


def times(total: Minutes, longer: Minutes) -> Series:
    percent = [
        None if not count else 100 * (it or 0) / count
        for it, count in zip(longer, total, strict=True)
    ]
    return {"ExecutionTime PR(300000:)": percent, "ExecutionTime SampleCount": total}


Recorded = Callable[[Minutes, Minutes], Series]
"""What CloudWatch has of an objective's metrics, from how many there were and how many failed."""
RECORDED: dict[str, Recorded] = {
    "AcceptedOrders": partial(requests, "/v1/orders"),
    "FreshViews": views,
    "ConfirmedInTime": times,
    "SagasEnd": sagas,
}


def wrong(template: System, objective: str, recorded: Recorded | None = None) -> list[str]:
    """What the alarms of an objective do that they should not."""
    recorded = recorded or RECORDED[objective]
    budget = BUDGETS[objective]
    judge = Judge(template.templates["objectives"])
    composite = f"{objective}Burn"
    found = []

    def burning(rate: float, *, minutes: int, quiet: int = 0) -> Series:
        """After quiet minutes, failures at that many times the budget."""
        failures = [round(BUSY * budget * rate)] * minutes
        return recorded([BUSY] * (quiet + minutes), [*[None] * quiet, *failures])

    def a_quiet_night() -> Series:
        """Three orders an hour for ten hours; one of them fails."""
        total = [1.0 if minute % 20 == 0 else None for minute in range(600)]
        bad = [1.0 if minute == 300 else None for minute in range(600)]
        return recorded(total, bad)

    paged = judge.pages(composite, burning(14.4, minutes=10, quiet=QUIET))
    if paged is None or paged - QUIET > 5:
        found.append(f"14.4 times the budget pages after {paged and paged - QUIET} minutes")
    if judge.pages(composite, burning(6, minutes=120, quiet=QUIET)) is None:
        found.append("six times the budget for two hours pages nobody")
    if judge.pages(composite, burning(1, minutes=2 * DAY)) is not None:
        found.append("exactly on budget pages")
    if judge.pages(composite, a_quiet_night()) is not None:
        found.append("one failure in a quiet night pages")
    over = [*[BUSY] * 10, *[None] * 60]
    past = recorded(over, [BUSY * budget * 100] * 10 + [None] * 60)
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


@pytest.mark.parametrize("path", TAKES_ORDERS)
def test_orders_are_one_promise_wherever_they_are_taken(path: str) -> None:
    """One path has all the traffic, and CloudWatch has no data at all of the others."""
    recorded = partial(requests, path)
    assert wrong(synthesized("prod"), "AcceptedOrders", recorded) == []


@pytest.mark.parametrize(("failing", "pages"), [(2, False), (30, True)])
@pytest.mark.parametrize("path", TAKES_ORDERS)
def test_failures_of_one_path_are_a_share_of_all_orders(
    path: str, failing: int, pages: bool
) -> None:
    """Of each half of the orders, one path takes the failures: so twice the budget is on budget."""
    other = TAKES_ORDERS[TAKES_ORDERS.index(path) - 1]
    minutes = 2 * DAY
    both = requests(path, [BUSY] * minutes, [round(BUSY * 0.001 * failing)] * minutes)
    sound = requests(other, [BUSY] * minutes, [0.0] * minutes)
    together = {**both, **{name: it for name, it in sound.items() if f" {other} " in name}}
    judge = Judge(synthesized("prod").templates["objectives"])
    assert (judge.pages("AcceptedOrdersBurn", together) is not None) is pages


def test_the_promise_counts_every_route_that_takes_an_order() -> None:
    """A route that begins an order and is not counted is promised to nobody."""
    template = synthesized("prod").templates["orders"]
    resources = template.body["Resources"]
    posted = {
        path_of(resources, it)
        for it in resources.values()
        if it["Type"] == METHOD and it["Properties"]["HttpMethod"] == "POST"
    }
    assert {it for it in posted if it.endswith("orders")} == set(TAKES_ORDERS)


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
        expression("/ (FILL(requests_first, 0)", "/ (FILL(errors_first, 0)"),
    ),
    "the short window never rings": ("AcceptedOrders.*Short", threshold(2)),
}


@pytest.mark.parametrize(("pattern", "change"), PLANTED.values(), ids=list(PLANTED))
def test_a_fault_in_the_alarms_is_noticed(pattern: str, change: Plant) -> None:
    faulty = synthesized("prod").to_be_changed()
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
    assert {it["Resource"] for it in found if "Resource" in it} == set(TAKES_ORDERS)
