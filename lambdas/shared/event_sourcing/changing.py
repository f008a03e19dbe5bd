"""Commands on an aggregate: each appends exactly one event, or refuses."""

import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from msgspec.structs import replace

from shared.event_sourcing.recorded import (
    UNKNOWN_REQUEST,
    CommandMetadata,
    EventStore,
    EventT,
    RecordedEvent,
    VersionTaken,
)

AggregateT = TypeVar("AggregateT")
Clock = Callable[[], str]
Refusals = type[Exception] | tuple[type[Exception], ...]
ATTEMPTS = 2
"""A lost append decides once more: whoever loses twice had better ask the caller."""


class CommandRefused(Exception):
    """A refusal that is the same for every aggregate."""


class IdempotencyKeyReused(CommandRefused):
    """The same key came with another body before."""


@dataclass
class NotFound(CommandRefused):
    """There is no aggregate with this id, or it is somebody else's."""

    aggregate_id: str


@dataclass
class AppendConflict(CommandRefused):
    """Other commands kept appending to this aggregate; the caller may try again."""

    aggregate_id: str


def id_for(namespace: uuid.UUID, *parts: str) -> str:
    """The id that a customer and a key lead to, so that a repetition finds what was begun first.

    ``namespace`` is the aggregate type's own.
    """
    return str(uuid.uuid5(namespace, json.dumps(parts)))


def begin(
    store: EventStore[EventT],
    clock: Clock,
    aggregate_id: str,
    metadata: CommandMetadata,
    decide: Callable[[], EventT],
    *,
    refusals: Refusals = (),
) -> RecordedEvent[EventT]:
    """Append an aggregate's first event, with one call; a repetition gets the first answer again.

    ``decide`` returns that event, or raises one of ``refusals``.

    Raises:
        IdempotencyKeyReused: the key came with another body before.
    """
    try:
        event = decide()
    except refusals:
        # What is refused today may have been accepted yesterday: then that is the answer.
        if earlier := store.first(aggregate_id):
            return _same_request(earlier, metadata)
        raise
    recorded = _record(aggregate_id, 1, clock(), event, metadata)
    try:
        store.append(recorded)
    except VersionTaken as taken:
        return _same_request(taken.existing, metadata)
    return recorded


def change(
    store: EventStore[EventT],
    clock: Clock,
    aggregate_id: str,
    metadata: CommandMetadata,
    replay: Callable[[str, Iterable[EventT]], AggregateT],
    decide: Callable[[AggregateT], EventT],
    *,
    is_callers: Callable[[EventT], bool] = lambda _first: True,
    not_found: Callable[[str], Exception] = NotFound,
) -> RecordedEvent[EventT]:
    """Append what ``decide`` makes of the history; a lost append decides once more.

    ``replay(aggregate_id, events)`` is the aggregate as its events tell it. ``is_callers`` says of
    the first event whether the caller may know of the aggregate. ``decide`` may raise what it
    likes; then nothing is appended. A repetition gets the first answer again.

    Raises:
        NotFound: no such aggregate, or somebody else's. ``not_found`` makes another error of it.
        IdempotencyKeyReused: the key came with another body before.
        AppendConflict: the append was lost twice.
    """
    for _attempt in range(ATTEMPTS):
        history = store.history(aggregate_id)
        if not history or not is_callers(history[0].event):
            raise not_found(aggregate_id)
        for earlier in history[1:]:
            if earlier.command.key == metadata.key:
                return _same_request(earlier, metadata)
        event = decide(replay(aggregate_id, (recorded.event for recorded in history)))
        # Clocks of two machines differ; within an aggregate time must not go back.
        occurred_at = max(clock(), history[-1].occurred_at)
        correlated = replace(metadata, correlation_id=history[0].command.correlation_id)
        recorded = _record(aggregate_id, history[-1].version + 1, occurred_at, event, correlated)
        try:
            store.append(recorded)
        except VersionTaken:
            continue
        return recorded
    raise AppendConflict(aggregate_id)


def _same_request(earlier: RecordedEvent[Any], metadata: CommandMetadata) -> RecordedEvent[Any]:
    if earlier.command.request_hash not in (metadata.request_hash, UNKNOWN_REQUEST):
        raise IdempotencyKeyReused
    return earlier


def _record(
    aggregate_id: str, version: int, occurred_at: str, event: EventT, metadata: CommandMetadata
) -> RecordedEvent[EventT]:
    event_id = str(uuid.uuid5(uuid.UUID(aggregate_id), str(version)))
    return RecordedEvent(aggregate_id, version, event_id, occurred_at, event, metadata)
