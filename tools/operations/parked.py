"""Records that a consumer could not apply: list, apply again, set one aside, discard one."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from stacks.services import consumers
from tools.base.errors import OperationFailed
from tools.base.target import Target


def redrive(target: Target, console: Console, *, consumer: str, confirm: bool) -> bool:
    """Show what is parked; with ``confirm``, apply it again. False if some could not be applied."""
    records = list(_every(target, consumer, {"dry_run": not confirm}))
    _show(records, console)
    if not records:
        console.print(f"{consumer} has parked nothing")
    elif not confirm:
        console.print("nothing was changed; CONFIRM=yes applies them again", style="bold")
    return all(record["outcome"] in ("parked", "redriven") for record in records)


def park(
    target: Target, console: Console, *, consumer: str, shard: str, sequence: str, reason: str
) -> None:
    """Set aside one record of the log that crashes a consumer.

    Raises:
        OperationFailed: the log has no such record.
    """
    request = {"set_aside": {"shard": shard, "sequence": sequence, "reason": reason}}
    records = _call(target, consumer, {**request, "dry_run": False})["parked"]
    if not records:
        raise OperationFailed(
            f"{shard} has no record {sequence}, or not any more: take the numbers from the log of "
            f"{consumer}'s function"
        )
    _show(list(_every(target, consumer, {"dry_run": True})), console)


def discard(
    target: Target, console: Console, *, consumer: str, shard: str, sequence: str, confirm: bool
) -> bool:
    """Say whether a parked record can be taken off the list; with ``confirm``, do it.

    False if the consumer still needs it there.

    Raises:
        OperationFailed: it is not on the list.
    """
    place = {"shard": shard, "sequence": sequence}
    records = _call(target, consumer, {"discard": place, "dry_run": not confirm})["parked"]
    if not records:
        raise OperationFailed(
            f"{consumer} has not parked {shard} {sequence}: `make redrive CONSUMER={consumer}` "
            f"lists what it has"
        )
    [record] = records
    outcome, _, why = record["outcome"].partition(": ")
    _show([{**record, "outcome": outcome}], console)
    if outcome == "refused":
        console.print(f"refused: {why}", style="bold")
        return False
    if not confirm:
        console.print(
            f"nothing was changed; CONFIRM=yes takes it off the list. {consumer} will then never "
            "apply it. Only the event log, the archive and a line in the function's log still "
            "have it",
            style="bold",
        )
    return True


def _every(target: Target, consumer: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What becomes of each record, over as many calls as it takes."""
    after: str | None = None
    while True:
        answer = _call(target, consumer, {**request, "after": after})
        yield from answer["parked"]
        after = answer["next"]
        if after is None:
            return


def _call(target: Target, consumer: str, request: dict[str, Any]) -> Any:
    service = consumers()[consumer]
    return target.call(service.name, service.parameter_of(consumer, "redrive-arn"), request)


def _show(records: list[dict[str, Any]], console: Console) -> None:
    if not records:
        return
    unbroken = ("parked at", "order", "version")
    table = Table(*(Column(name, no_wrap=True) for name in unbroken), box=None)
    for name in ("record", "reason", "outcome"):
        table.add_column(name, overflow="fold")
    for each in records:
        table.add_row(
            each["parked_at"],
            each["aggregate_id"] or "",
            "" if each["version"] is None else str(each["version"]),
            f"{each['shard']} {each['sequence']}",
            each["reason"],
            each["outcome"],
        )
    console.print(table)
