"""By which operators change a view: build a new generation, serve the one before, retire one.

It starts what takes its time and waits for nothing. Whoever asks says what they have seen: where
something else is so by now, nothing is done.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Protocol

import msgspec

from shared.read_models.environment import ChangedViewEnvironment
from shared.read_models.generations import pointer_key
from shared.read_models.pointer import Generation, Pointer, PointerMoved
from shared.read_models.read_model import Handler, ReadModel
from shared.read_models.rebuild import PARTITION_BYTES, TASK_BYTES
from shared.read_models.rebuild_runs import RebuildRuns, Run
from shared.runtime import aws, clock, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``live`` is the generation that is served, ``beside`` the one that is filled, kept or erased,
    as whoever asks has seen them.
    """

    change: Literal["rebuild", "back", "retire"]
    live: str
    beside: str | None = None


class Runs(Protocol):
    """The rebuild machine's executions."""

    def running(self) -> Run | None:
        """One that runs."""

    def start(self, name: str, request: Mapping[str, Any]) -> bool:
        """Start one of that name; False if there is such a one."""


def handler_of(model: ReadModel[Any]) -> Handler:
    """A read model's function by which operators change it: see ``ViewChange``."""

    @cache
    def changes() -> ViewChange:
        where = load(ChangedViewEnvironment)
        return ViewChange(
            Pointer(aws.client("dynamodb"), model.table_in_use, pointer_key(model.key)),
            RebuildRuns(aws.client("stepfunctions"), where.rebuild_machine_arn),
            where.batch_seconds,
        )

    @invocation
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        return changes().answer(event)

    return handler


class ViewChange:
    """``batch_seconds`` is how long a projector's batch may be at work."""

    def __init__(self, pointer: Pointer, runs: Runs, batch_seconds: int) -> None:
        self._pointer = pointer
        self._runs = runs
        self._batch_seconds = batch_seconds

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """``{change, generation, joined}``: ``generation`` is the one that is built, served or
        erased; ``joined`` says that somebody had begun already.

        Raises:
            msgspec.ValidationError: the request does not have the form above.
            PointerMoved: what the request says is not so any more, or the change is not possible.
        """
        asked = msgspec.convert(event, Request)
        found = self._pointer.read()
        if (asked.live, asked.beside) != (found.live, found.building or found.erasing):
            raise PointerMoved(f"it has changed meanwhile: {found}")
        match asked.change:
            case "rebuild":
                generation, joined = self._rebuild(found)
            case "back":
                generation, joined = self._pointer.back(asked.live).live, False
            case _:
                generation, joined = self._retire(found)
        log.info("view changed", change=asked.change, generation=generation, joined=joined)
        return {"change": asked.change, "generation": generation, "joined": joined}

    def _rebuild(self, found: Generation) -> tuple[str, bool]:
        if found.erasing or (found.building and found.complete):
            raise PointerMoved(f"retire {found.building or found.erasing} first")
        sizes = {"task_bytes": TASK_BYTES, "partition_bytes": PARTITION_BYTES}
        generation = found.building or f"g{found.newest + 1}"
        return generation, self._run("build", generation, sizes)

    def _retire(self, found: Generation) -> tuple[str, bool]:
        generation = found.building or found.erasing
        if generation is None:
            raise PointerMoved(f"there is no generation beside {found.live}")
        if not found.erasing and (run := self._runs.running()):
            raise PointerMoved(f"the rebuild machine is at work: {run.name}")
        self._pointer.retire(generation)
        return generation, self._run(
            "erase", generation, {"erase": generation, "at": {"after": None}}
        )

    def _run(self, what: str, generation: str, request: Mapping[str, Any]) -> bool:
        """Start the machine, unless it is at work; whether it was.

        Those who ask in the same minute start the same execution.
        """
        if self._runs.running():
            return True
        minute = clock.now()[:16].replace(":", "")
        name = f"{what}-{generation}-{minute}"
        if self._runs.start(name, {**request, "batch_seconds": self._batch_seconds}):
            return False
        if self._runs.running():
            return True
        raise PointerMoved(f"{name} has ended already: ask again in a minute")
