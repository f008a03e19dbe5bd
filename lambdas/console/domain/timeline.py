"""An order's past in lanes: one entry for each thing that some part says has happened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from console.domain.order_row import STATUS

MOST_ENTRIES = 500
MOST_DETAILS = 60
Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the order as its store has it; ``shown`` is what operators may see of it."""

    id: str
    type: str
    version: int
    occurred_at: str
    correlation_id: str
    causation_id: str | None
    shown: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """``at`` is when it happened; ``ends_at`` when a step of the saga was answered."""

    lane: str
    at: str
    title: str
    id: str
    version: int | None = None
    causation_id: str | None = None
    status: str | None = None
    ends_at: str | None = None
    detail: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderState:
    """What the order was at a version: its status, and the fields that were told until then."""

    version: int
    at: str
    type: str
    state: Mapping[str, Any]


def states(events: Sequence[Happened]) -> list[OrderState]:
    """The order at each of its versions."""
    found: list[OrderState] = []
    state: dict[str, Any] = {}
    for event in events:
        state = {**state, **event.shown, "status": STATUS.get(event.type, state.get("status"))}
        found.append(OrderState(event.version, event.occurred_at, event.type, state))
    return found


def of_store(events: Sequence[Happened]) -> Iterator[Entry]:
    """One entry for each event."""
    for it in events:
        yield Entry(
            "store",
            it.occurred_at,
            it.type,
            it.id,
            it.version,
            it.causation_id,
            "done",
            detail=flat(it.shown),
        )


def of_saga(saga: Mapping[str, Any]) -> Iterator[Entry]:
    """One entry for each step, from its command to its answer."""
    for step in saga["steps"]:
        undo = bool(step["undoes"])
        outcome = step["outcome"]
        yield Entry(
            "saga",
            step["sent_at"],
            step["command"] or step["step"],
            step["command_id"],
            causation_id=saga["causation_id"],
            status="undone" if undo and outcome == "done" else outcome or "running",
            ends_at=step["answered_at"],
            detail={
                "step": step["step"],
                "owner": step["owner"],
                "undoes": ", ".join(step["undoes"]) or None,
                "reason": step["reason"],
            },
        )


def of_view(consumer: str, kept: Mapping[str, Any], events: Sequence[Happened]) -> Iterator[Entry]:
    """How far a consumer of the log is; its time is that of the event that it reached."""
    reached = next((it for it in events if it.version == kept["version"]), None)
    if reached is not None:
        stalled = kept["stalled_at_version"]
        yield Entry(
            "views",
            reached.occurred_at,
            consumer,
            f"{consumer}#{reached.id}",
            reached.version,
            reached.id,
            "failed" if stalled is not None else "done",
            detail={"stalled_at_version": stalled},
        )


def of_log(kept: Mapping[str, Any], events: Sequence[Happened]) -> Iterator[Entry]:
    """Where the log has each event, as a consumer has noted it; its time is the event's own."""
    for it in events:
        place = kept["places"].get(str(it.version))
        if place is not None:
            where = f"{place['shard']}/{place['sequence']}"
            yield Entry(
                "log", it.occurred_at, it.type, where, it.version, it.id, "done", detail=dict(place)
            )


def of_api(events: Sequence[Happened], calls: Mapping[str, str]) -> Iterator[Entry]:
    """The call that each event was the answer to. ``calls`` has routes by type of event."""
    for it in events:
        if it.type in calls and it.causation_id is not None:
            detail = {"request_id": it.causation_id}
            yield Entry(
                "api", it.occurred_at, calls[it.type], it.causation_id, it.version, detail=detail
            )


def of_archive(found: Mapping[str, Any], events: Sequence[Happened]) -> Iterator[Entry]:
    """Which object of the archive holds each event, and since when."""
    for it in events:
        if (kept := found.get(it.id)) is not None:
            yield Entry(
                "archive",
                kept["delivered_at"],
                it.type,
                f"{kept['object']}#{it.id}",
                it.version,
                it.id,
                "done",
                detail={"object": kept["object"], "bytes": kept["size"]},
            )


_ENDS: Mapping[str, str | None] = {"sent": "done", "nobody": None}
"""A customer whose address is not known, or is forgotten, is told nothing, and nothing failed."""


def of_notifications(told: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    """What customers were told; what was told before times were kept has no place in time."""
    for it in told:
        if it["settled_at"] is not None:
            yield Entry(
                "notifications",
                it["settled_at"],
                it["template"],
                f"notification#{it['event_id']}",
                causation_id=it["event_id"],
                status=_ENDS.get(it["how"], "failed"),
                detail={"how": it["how"]},
            )


def in_time(entries: Sequence[Entry]) -> tuple[list[Entry], int]:
    """Oldest first, and how many more there are than MOST_ENTRIES, whose newest are kept."""
    ordered = sorted(entries, key=lambda it: it.at)
    return ordered[-MOST_ENTRIES:], max(0, len(ordered) - MOST_ENTRIES)


def flat(shown: Any, path: str = "") -> dict[str, Scalar]:
    """``{"lines": [{"sku": "A"}]}`` as ``{"lines.0.sku": "A"}``; MOST_DETAILS at most."""
    found: dict[str, Scalar] = {}
    parts: Iterator[tuple[Any, Any]] = (
        iter(shown.items()) if isinstance(shown, Mapping) else enumerate(shown)
    )
    for name, value in parts:
        here = f"{path}{name}"
        found |= {here: value} if isinstance(value, Scalar) else flat(value, f"{here}.")
        if len(found) >= MOST_DETAILS:
            return dict(list(found.items())[:MOST_DETAILS])
    return found
