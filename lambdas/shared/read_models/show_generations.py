"""A view's generations as operators see them, and how far a rebuild is: counts, and no content."""

from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

from shared.read_models.pointer import Generation
from shared.read_models.rebuild_notes import CAUGHT_UP, COUNTS, SUM, CaughtUp, PlanCounts, Summed
from shared.read_models.rebuild_runs import Run


class Notes(Protocol):
    """A rebuild's scratch, to look into."""

    def get(self, name: str) -> bytes | None:
        """An object, if there is one."""

    def names(self, prefix: str) -> Iterable[str]:
        """The names that begin so."""


def answer(pointer: Generation, notes: Notes, newest: Run | None) -> dict[str, Any]:
    """``{generations, rebuild, run}``.

    ``generations`` are ``{name, state, since, items, sum, summed_at}``, the served one first; a
    state is served, filled, kept or erased: the latter two are what was served before, or would
    have been. Items and sum are as they were when somebody summed them up, null if nobody did.

    ``rebuild`` is null unless one is filled: ``{generation, phase, began_at, objects, bytes, tasks,
    partitioned, partitions, folded, records}``, where phase is plan, partition, fold, catch_up or
    switch, and what is not known yet is null. ``run`` is the machine's newest execution, ``{status,
    started_at, ended_at}``, or null.
    """
    found = [(pointer.live, "served", pointer.switched_at)]
    if pointer.building:
        state = "kept" if pointer.complete else "filled"
        found.append(
            (
                pointer.building,
                state,
                pointer.switched_at if pointer.complete else pointer.began_at,
            )
        )
    if pointer.erasing:
        found.append((pointer.erasing, "erased", pointer.retired_at))
    filled = pointer.building is not None and not pointer.complete
    return {
        "generations": [
            {"name": name, "state": state, "since": since, **_sum(notes.get(f"{name}/{SUM}"))}
            for name, state, since in found
        ],
        "rebuild": _progress(pointer, notes) if filled else None,
        "run": newest
        and {
            "status": newest.status,
            "started_at": newest.started_at,
            "ended_at": newest.ended_at,
        },
    }


def _sum(noted: bytes | None) -> dict[str, Any]:
    if noted is None:
        return {"items": None, "sum": None, "summed_at": None}
    return msgspec.to_builtins(msgspec.json.decode(noted, type=Summed))  # type: ignore[no-any-return]


def _progress(pointer: Generation, notes: Notes) -> dict[str, Any]:
    name = pointer.building
    stored = notes.get(f"{name}/{COUNTS}")
    counts = msgspec.json.decode(stored, type=PlanCounts) if stored else None
    partitioned = _count(notes, f"{name}/partitioned/") if counts else 0
    folded = _count(notes, f"{name}/folded/") if counts and partitioned == counts.tasks else 0
    noted = notes.get(f"{name}/{CAUGHT_UP}")
    log = msgspec.json.decode(noted, type=CaughtUp) if noted else None
    return {
        "generation": name,
        "phase": _phase(counts, partitioned, folded, log),
        "began_at": pointer.began_at,
        "objects": counts and counts.objects,
        "bytes": counts and counts.bytes,
        "tasks": counts and counts.tasks,
        "partitioned": partitioned,
        "partitions": counts and counts.partitions,
        "folded": folded,
        "records": log and log.records,
    }


def _phase(counts: PlanCounts | None, partitioned: int, folded: int, log: CaughtUp | None) -> str:
    """The step of the rebuild that is next, or at work."""
    if counts is None:
        return "plan"
    if partitioned < counts.tasks:
        return "partition"
    if folded < counts.partitions:
        return "fold"
    return "switch" if log and log.caught_up else "catch_up"


def _count(notes: Notes, prefix: str) -> int:
    return sum(1 for _ in notes.names(prefix))
