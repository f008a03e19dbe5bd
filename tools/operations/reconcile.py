"""Event store, log and archive compared, and repaired if the operator says so."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools.base.errors import OperationFailed
from tools.base.target import Target

PLACES = ("store", "log", "archive")
AT_ONCE = 4
LOOK_SECONDS = 2.0
WINDOW_HOURS = 73
"""What is compared unless everything is: as much as every night."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What to compare: the last ``hours``, or everything (None), but what is younger than that."""

    hours: int | None
    settle_seconds: int


def reconcile(
    target: Target,
    console: Console,
    *,
    confirm: bool,
    scope: Scope,
    verbose: bool,
    by_machine: bool,
) -> bool:
    """Show what each place holds and what is missing where; False if something is and stays so."""
    run = through_machine if by_machine else from_here
    answer = run(target, repair=confirm, scope=scope)
    what = f"since {answer['since']}" if answer["since"] else "everything"
    console.print(f"compared: {what}, until {answer['until']} (run {answer['run']})")
    _show_hours(target, answer, console, verbose=verbose)
    missing = answer["missing"]
    for place in PLACES:
        _show_missing(place, missing[place], console)
    if answer["unreadable"]:
        console.print(f"{answer['unreadable']} records of log and archive cannot be read")
    if not any(missing[place]["count"] for place in PLACES):
        console.print("event store, log and archive hold the same", style="green")
        return True
    if confirm:
        console.print(
            f"published again: {answer['republished']}, "
            f"added to the archive: {answer['back_filled']}"
        )
        return not missing["store"]["count"]
    console.print("nothing was changed; CONFIRM=yes repairs it", style="bold")
    return False


def from_here(target: Target, *, repair: bool, scope: Scope) -> Any:
    """Take every step of a run by calling the function; the run's conclusion."""
    run = f"here-{uuid.uuid4()}"

    def step(name: str, **details: Any) -> Any:
        request = {"step": name, "run": run, **details}
        return target.call("reconciliation", "reconcile-arn", request)

    def until_done(name: str, **details: Any) -> None:
        while not step(name, **details)["done"]:
            pass

    with ThreadPoolExecutor(AT_ONCE) as pool:

        def for_each(call: Callable[[Any], None], items: Iterator[Any]) -> None:
            for _ in pool.map(call, items):
                pass

        plan = step("plan", hours=scope.hours, settle_seconds=scope.settle_seconds)
        for_each(lambda it: until_done("read", task=it), iter(range(plan["tasks"])))
        step("gather")
        days = [it["day"] for it in _days(target, run)]
        for_each(lambda it: until_done("compare", day=it), iter(days))
        if repair:
            for_each(lambda it: until_done("repair", day=it), iter(days))
    return step("conclude")


def through_machine(target: Target, *, repair: bool, scope: Scope) -> Any:
    """Start the state machine and wait; the run's conclusion.

    Raises:
        OperationFailed: the execution failed.
    """
    states = target.client("stepfunctions")
    request = {"hours": scope.hours, "settle_seconds": scope.settle_seconds, "repair": repair}
    execution = states.start_execution(
        stateMachineArn=target.find("reconciliation", "reconcile-machine-arn"),
        input=json.dumps(request),
    )["executionArn"]
    while (found := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(LOOK_SECONDS if not target.is_offline else LOOK_SECONDS / 8)
    if found["status"] != "SUCCEEDED":
        raise OperationFailed(
            f"{execution} ended as {found['status']}: {found.get('error', '')} "
            f"{found.get('cause', '')}"
        )
    return json.loads(found["output"])


def hours_of(target: Target, run: str) -> Iterator[dict[str, Any]]:
    """Every hour that a run has compared, a day at a time."""
    for day in _days(target, run):
        yield from day["hours"]


def _days(target: Target, run: str) -> Iterator[Any]:
    after = ""
    while True:
        request = {"step": "days", "run": run, "after": after}
        day = target.call("reconciliation", "reconcile-arn", request)
        if day["day"] is None:
            return
        yield day
        after = day["day"]


def _show_hours(target: Target, answer: Any, console: Console, *, verbose: bool) -> None:
    differing = answer["differing"]
    table = Table("hour (UTC)", *PLACES, "", box=None)
    for hour in hours_of(target, answer["run"]) if verbose else differing["hours"]:
        table.add_row(
            hour["hour"],
            *(f"{hour[place]['events']:>7,} {hour[place]['hash']}" for place in PLACES),
            "" if hour["complete"] else Text("differs", style="red"),
        )
    total = answer["places"]
    table.add_row(
        f"{answer['hours']} hours", *(f"{total[place]['events']:>7,}" for place in PLACES), ""
    )
    console.print(table)
    if not verbose and (more := differing["count"] - len(differing["hours"])):
        console.print(f"and {more} more hours that differ: --verbose shows every hour")


def _show_missing(place: str, missing: dict[str, Any], console: Console) -> None:
    if not missing["count"]:
        return
    console.print(f"missing in the {place}: {missing['count']}", style="bold red")
    for name in missing["names"]:
        what = (
            "integration event"
            if name["version"] is None
            else f"version {name['version']:>3} of order"
        )
        console.print(f"  {name['occurred_at']}  {what} {name['id']}")
    if len(missing["names"]) < missing["count"]:
        console.print(f"  and {missing['count'] - len(missing['names'])} more")
