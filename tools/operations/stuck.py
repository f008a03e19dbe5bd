"""Sagas that wait for an operator: list them, and resume one that was settled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.table import Column, Table

from tools.base.errors import FunctionFailed, OperationFailed

if TYPE_CHECKING:
    from rich.console import Console

    from tools.base.target import Target

SETTLED = "every undo is done: resume it"


def show(target: Target, console: Console) -> bool:
    """Every saga that waits, longest first, with what is to be settled. False if there is one."""
    sagas = list(_every(target))
    if not sagas:
        console.print("no saga waits for an operator")
        return True
    _show(sagas, console)
    console.print(
        f"{len(sagas)} wait; once what an order waits for is settled with the step's owner, "
        f"`make resume ORDER=` lets its saga go on",
        style="bold",
    )
    return False


def resume(target: Target, console: Console, *, order_id: str, confirm: bool) -> bool:
    """Show what the order's saga waits for; with ``confirm``, start it again where it ended.

    Steps whose final answer is known are not asked for again. False if nothing was changed.

    Raises:
        OperationFailed: there is no saga of this order, or it is running.
    """
    sagas = [it for it in _every(target) if it["order_id"] == order_id]
    if sagas:
        _show(sagas, console)
    else:
        console.print(f"order {order_id} is not among those that wait for an operator")
    if not confirm:
        console.print("nothing was changed; CONFIRM=yes resumes its saga", style="bold")
        return False
    try:
        begun = target.call("fulfilment", "resume-arn", {"order_id": order_id})
    except FunctionFailed as failed:
        match failed.kind:
            case "SagaNotFound":
                raise OperationFailed(
                    f"order {order_id} has no saga. One that was placed gets its own within two "
                    f"hours: is it an order of this environment?"
                ) from failed
            case "SagaStillRunning":
                raise OperationFailed(
                    f"the saga of order {order_id} is running, as {failed.reason}: wait for its "
                    f"end. `make history` shows the order's events"
                ) from failed
        raise
    console.print(
        f"resumed as execution {begun['execution']}; delete the order's message in the queue "
        f"Operators",
        style="bold",
    )
    return True


def _every(target: Target) -> Iterator[dict[str, Any]]:
    """Over as many calls as it takes."""
    after: dict[str, str] | None = None
    while True:
        answer = target.call("fulfilment", "list-stuck-arn", {"after": after})
        yield from answer["stuck"]
        after = answer["next"]
        if after is None:
            return


def _show(sagas: list[dict[str, Any]], console: Console) -> None:
    unbroken = ("order", "step", "since")
    table = Table(*(Column(name, no_wrap=True) for name in unbroken), box=None)
    table.add_column("reason", overflow="fold")
    for saga in sagas:
        for left in saga["unsettled"] or [{"step": "", "reason": SETTLED}]:
            table.add_row(saga["order_id"], left["step"], saga["since"], left["reason"])
    console.print(table)
