"""An event with its place in an aggregate's history, and the ledger that keeps it there."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

EventT = TypeVar("EventT")
UNKNOWN_REQUEST = "unknown"
"""In place of a key or a hash that is lost: an event that came back from the archive has neither,
and whoever brings its key is believed."""


class CommandMetadata(msgspec.Struct, frozen=True, gc=False):
    """Who asks for a change, and how a repetition of it is recognised.

    ``key`` is a digest of the idempotency key, ``request_hash`` of the canonical parsed body.
    """

    key: str
    request_hash: str
    correlation_id: str
    causation_id: str
    traceparent: str


class RecordedEvent(msgspec.Struct, Generic[EventT], frozen=True, gc=False):
    """An event with its place in an aggregate's history; ``version`` counts from 1.

    A history may be long, and a struct is made several times faster than a frozen dataclass.
    """

    aggregate_id: str
    version: int
    event_id: str
    occurred_at: str
    event: EventT
    command: CommandMetadata


class VersionTaken(Exception):
    """Another event has this version already; ``existing`` is that one."""

    def __init__(self, existing: RecordedEvent[Any]) -> None:
        super().__init__(f"{existing.aggregate_id} has a version {existing.version}")
        self.existing = existing


class AnotherRegionWrites(Exception):
    """This region's event store refuses every append: the aggregates are written elsewhere."""


class EventStore(Protocol[EventT]):
    """The ledger that decides: append-only, one event for each (aggregate, version)."""

    def append(self, recorded: RecordedEvent[EventT]) -> None:
        """Keep one more event, atomically. Raises VersionTaken, AnotherRegionWrites."""

    def history(self, aggregate_id: str) -> Sequence[RecordedEvent[EventT]]:
        """Every event of an aggregate by version, strongly consistent; empty if there is none."""

    def first(self, aggregate_id: str) -> RecordedEvent[EventT] | None:
        """The aggregate's first event, strongly consistent."""


def digest(*parts: object) -> str:
    """A digest of plain values that is the same for equal values, whatever their order of keys."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
