"""Resuming an order's saga: fulfilment starts an execution that takes over where one ended."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from console.commands.changing import Change
from console.domain.plan import NoSuchTarget, NothingToChange, Outlook, Overtaken, Scalar
from console.ports import FunctionFailed, Functions
from shared.runtime.patterns import is_uuid
from shared.runtime.plain_text import plain

STILL_RUNS = "SagaStillRunning"
LONGEST_REASON = 300


class ResumeSaga:
    """Implements ``console.commands.changing.Action``.

    ``looks`` and ``changes`` are fulfilment's functions that show a saga and that resume one;
    ``arns`` gives their ARNs, in that order.
    """

    name: ClassVar[str] = "resume"
    subject: ClassVar[str] = "sagas"
    named_by: ClassVar[tuple[str, ...]] = ("order_id",)
    form: ClassVar[type[Change]] = Change

    def __init__(
        self, looks: Functions, changes: Functions, arns: Callable[[], tuple[str, str]]
    ) -> None:
        self._looks = looks
        self._changes = changes
        self._arns = arns

    def look(self, target: str, asked: Change) -> Outlook:  # noqa: ARG002 - the action's
        """What the saga waits for, and what a new execution would ask for again."""
        if not is_uuid(target):
            raise NoSuchTarget("saga", target)
        saga = self._looks.ask(self._arns()[0], {"order_id": target})["saga"]
        if saga is None:
            raise NoSuchTarget("saga", target)
        if saga["state"] == "ended":
            raise NothingToChange("the order's saga has ended")
        unsettled = [it for it in saga["steps"] if it["outcome"] not in ("done", "refused")]
        return Outlook(
            _does(saga),
            [_item(it) for it in unsettled],
            False,
            [saga["attempt"], saga["state"], [[it["step"], it["outcome"]] for it in saga["steps"]]],
        )

    def carry_out(
        self,
        target: str,
        asked: Change,  # noqa: ARG002 - the action's
        outlook: Outlook,  # noqa: ARG002 - the action's
    ) -> Mapping[str, Scalar]:
        """Start the execution; fulfilment refuses it while another one runs."""
        try:
            begun = self._changes.ask(self._arns()[1], {"order_id": target})
        except FunctionFailed as failed:
            if failed.kind != STILL_RUNS:
                raise
            raise Overtaken("the saga's execution is running: it goes on by itself") from failed
        return {"execution": begun["execution"]}


def _does(saga: Mapping[str, Any]) -> list[str]:
    does = [
        f"Execution {saga['attempt'] + 1} of the saga begins, and takes over where the last one "
        "ended.",
        "What is done is answered from fulfilment's table. What has no final answer is asked for "
        "again; its owner does it once.",
    ]
    if saga["state"] == "stuck":
        does.append(
            "It waits for an operator. Correct first what its step failed at, and delete its "
            "message in fulfilment's queue Operators afterwards."
        )
    else:
        does.append("If its execution is running still, nothing is done.")
    return does


def _item(step: Mapping[str, Any]) -> dict[str, Scalar]:
    return {
        "step": step["step"],
        "owner": step["owner"],
        "outcome": step["outcome"] or "no answer yet",
        "reason": step["reason"] and plain(step["reason"], LONGEST_REASON),
    }
