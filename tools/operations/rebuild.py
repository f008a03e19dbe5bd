"""A new generation of a view from the archive: driven from here, or by its state machine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from shared.read_models.rebuild import BATCH_SECONDS, PARTITION_BYTES, TASK_BYTES
from stacks.services import views
from tools.base.errors import FunctionFailed, OperationFailed
from tools.base.target import Target

AT_ONCE = 4
LOOK_SECONDS = 2.0
_NOT_NOW = ("NotReady", "PointerMoved")
"""The errors of a step that comes too early, too late, or while another operator is at work."""
__all__ = ["BATCH_SECONDS", "PARTITION_BYTES", "TASK_BYTES"]

Step = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a projector's batch may take, and how much is done in one call."""

    batch_seconds: int = BATCH_SECONDS
    task_bytes: int = TASK_BYTES
    partition_bytes: int = PARTITION_BYTES


def from_here(target: Target, console: Console, *, view: str, pace: Pace) -> None:
    """Take every step by calling the view's function, with a bar for each.

    What a call has done stays done: after a crash the same command goes on.
    """
    step = _steps(target, view)
    generation = step("begin")["building"]
    console.print(f"{view}: filling {generation} while it is written beside the one that is served")
    plan = step(
        "plan",
        generation=generation,
        task_bytes=pace.task_bytes,
        partition_bytes=pace.partition_bytes,
    )
    with _bars(console) as bars:
        reading = bars.add_task("read and divide the archive", total=sum(plan["bytes"]), unit="B")
        events = 0
        calls = [partial(step, "partition", generation=generation, task=it) for it in _all(plan)]
        for number, done in _at_once(calls):
            events += done["events"]
            bars.advance(reading, plan["bytes"][number])
        folding = bars.add_task("fold orders", total=events, unit="events")
        calls = [
            partial(step, "fold", generation=generation, partition=it)
            for it in range(plan["partitions"])
        ]
        for _, done in _at_once(calls):
            bars.advance(folding, done["events"])
        caught_up = bars.add_task("catch up with the log", total=None, unit="records")
        while not (done := _caught_up(step, generation, pace))["caught_up"]:
            bars.update(caught_up, completed=done["records"])
            time.sleep(min(done["wait_seconds"], 1))
        bars.update(caught_up, completed=done["records"], total=done["records"])
    served = step("switch", generation=generation)
    _say_what_was_left_out(step("left_out", generation=generation), console)
    _say_what_is_served(served, view, console)


def by_machine(target: Target, console: Console, *, view: str, pace: Pace) -> None:
    """Start the view's state machine, or join an execution that runs, and show how far it is.

    Raises:
        OperationFailed: the execution failed; a new one goes on where it ended.
    """
    step = _steps(target, view)
    states = target.client("stepfunctions")
    service = views()[view]
    machine = target.find(service.name, service.parameter_of(view, "rebuild-machine-arn"))
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=machine, statusFilter="RUNNING"
    )
    running = [execution for page in pages for execution in page["executions"]]
    if running:
        execution = running[0]["executionArn"]
    else:
        request = {
            "batch_seconds": pace.batch_seconds,
            "task_bytes": pace.task_bytes,
            "partition_bytes": pace.partition_bytes,
        }
        execution = states.start_execution(stateMachineArn=machine, input=json.dumps(request))[
            "executionArn"
        ]
    console.print(f"{view}: {execution}")
    with _bars(console) as bars:
        reading = bars.add_task("read and divide the archive", total=None, unit="tasks")
        folding = bars.add_task("fold orders", total=None, unit="partitions")
        while True:
            found = states.describe_execution(executionArn=execution)
            if step("status")["building"] and found["status"] == "RUNNING":
                at = step("progress")
                bars.update(reading, completed=at["partitioned"], total=at["tasks"] or None)
                bars.update(folding, completed=at["folded"], total=at["partitions"] or None)
            if found["status"] != "RUNNING":
                break
            time.sleep(LOOK_SECONDS if not target.is_offline else LOOK_SECONDS / 4)
    if found["status"] != "SUCCEEDED":
        raise OperationFailed(
            f"{execution} ended as {found['status']}: {found.get('error', '')} "
            f"{found.get('cause', '')}"
        )
    served = step("status")
    _say_what_was_left_out(step("left_out", generation=served["live"]), console)
    _say_what_is_served(served, view, console)


def back(target: Target, console: Console, *, view: str) -> None:
    """Serve the generation before again."""
    _say_what_is_served(_steps(target, view)("back"), view, console)


def retire(
    target: Target, console: Console, *, view: str, confirm: bool, batch_seconds: int
) -> bool:
    """Say what would be erased; with ``confirm``, stop writing it and erase it."""
    step = _steps(target, view)
    found = step("status")
    retired = found["erasing"] or found["building"]
    if retired is None:
        console.print(f"{view}: there is nothing beside {found['live']}")
        return True
    what = "the way back" if found["complete"] else "unfinished or already retired"
    console.print(f"{view}: {found['live']} is served; {retired} ({what}) would be erased")
    if not confirm:
        console.print("nothing was changed; CONFIRM=yes erases it", style="bold")
        return False
    step("retire")
    erased, after = 0, None
    with console.status("waiting until no projector writes it"):
        while True:
            done = step("erase", generation=retired, after=after, batch_seconds=batch_seconds)
            erased, after = erased + done["erased"], done["after"]
            if done["wait_seconds"] == 0 and after is None:
                break
            time.sleep(min(done["wait_seconds"], 1))
    console.print(f"{retired} is gone: {erased} items")
    return True


def show_checksums(target: Target, console: Console, *, view: str) -> None:
    """Print what each generation holds: the same content has the same sum."""
    table = Table("generation", "", "items", "sum", box=None)
    roles = ("served", "written beside it")
    for generation, role in zip(generations(target, view), roles, strict=False):
        result = checksum(target, view, generation)
        table.add_row(generation, role, f"{result['items']:,}", result["sum"])
    console.print(table)


def generations(target: Target, view: str) -> list[str]:
    """The generation that is served, and the one that is written beside it, if there is one."""
    found = _steps(target, view)("status")
    return [it for it in (found["live"], found["building"]) if it]


def checksum(target: Target, view: str, generation: str) -> dict[str, Any]:
    """``{items, sum}`` of one generation."""
    step = _steps(target, view)
    result = {"items": 0, "sum": "0", "after": None}
    while True:
        result = step("checksum", generation=generation, **result)
        if result["after"] is None:
            return {"items": result["items"], "sum": result["sum"]}


def _steps(target: Target, view: str) -> Step:
    service = views()[view]
    resource = service.parameter_of(view, "rebuild-arn")

    def step(name: str, **details: Any) -> Any:
        try:
            return target.call(service.name, resource, {"step": name, **details})
        except FunctionFailed as error:
            if error.kind not in _NOT_NOW:
                raise
            raise OperationFailed(
                f"{view}: {error.reason}. `make checksum VIEW={view}` shows what there is now; "
                "the same command continues from there"
            ) from error

    return step


def _caught_up(step: Step, generation: str, pace: Pace) -> Any:
    return step("catch_up", generation=generation, batch_seconds=pace.batch_seconds)


def _all(plan: dict[str, Any]) -> range:
    return range(plan["tasks"])


def _at_once(calls: Iterable[Callable[[], Any]]) -> Iterator[tuple[int, Any]]:
    """Some calls at a time; each with its number and answer, as they come."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        numbers: dict[Future[Any], int] = {}
        try:
            for number, call in enumerate(calls):
                numbers[pool.submit(call)] = number
                if len(numbers) == 2 * AT_ONCE:
                    yield from _finished(numbers)
            while numbers:
                yield from _finished(numbers)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _finished(numbers: dict[Future[Any], int]) -> Iterator[tuple[int, Any]]:
    for future in wait(numbers, return_when=FIRST_COMPLETED).done:
        yield numbers.pop(future), future.result()


def _say_what_was_left_out(found: dict[str, Any], console: Console) -> None:
    count = found["unreadable"] + found["damaged"]
    if not count:
        return
    console.print(
        f"left out, since they cannot be read: {found['unreadable']} records and the rest of "
        f"{found['damaged']} damaged objects of the archive. `make reconcile` says which events "
        "the archive lacks",
        style="bold red",
    )
    for name in found["named"]:
        console.print(f"  {name}")
    if len(found["named"]) < count:
        console.print(f"  and {count - len(found['named'])} more, each in the function's log")


def _say_what_is_served(pointer: dict[str, Any], view: str, console: Console) -> None:
    console.print(
        f"{view}: {pointer['live']} is served; {pointer['building']} is still written: "
        "`make rebuild-back` is the way back, `make rebuild-retire` its end"
    )


class _Rate(ProgressColumn):
    """So many units a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed or 0
        return Text(f"{speed:,.0f} {task.fields['unit']}/s", style="progress.data.speed")


@contextmanager
def _bars(console: Console) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        _Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console) as bars:
        yield bars
