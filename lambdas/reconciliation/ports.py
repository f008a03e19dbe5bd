"""What reconciliation needs from outside: three places to read, and those who may write there."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from reconciliation.domain.comparison import Name
from shared.messaging.envelope import Envelope
from shared.messaging.log_records import LogRecord

Position = dict[str, Any] | None
"""Where a page of the event store has ended, None at the end."""
Page = tuple[list[tuple[Name, str]], Position]
"""Events with their fingerprints, and where to go on."""


class Notes(Protocol):
    """Where a run keeps what it has read and found; ``bucket`` is the place's name."""

    bucket: str

    def put(self, name: str, body: bytes) -> None:
        """Keep an object."""

    def get(self, name: str) -> bytes | None:
        """An object, if there is one."""

    def names(self, prefix: str) -> Iterable[str]:
        """The names that begin so."""


class Log(Protocol):
    """The event log, read at a pace that leaves room for those who follow it."""

    def shards(self) -> list[str]:
        """The ids of all shards."""

    def retention_hours(self) -> int:
        """How long records are kept."""

    def batches(
        self,
        shard: str,
        *,
        since: datetime | None = None,
        at: str | None = None,
        after: str | None = None,
        until: datetime | None = None,
    ) -> Iterator[list[LogRecord]]:
        """A shard's records."""


class ArchiveToRead(Protocol):
    """The archive."""

    def days(self, since: str = "") -> Iterable[str]:
        """The folders that may hold events of a day or later."""

    def keys(self, folder: str) -> Iterable[str]:
        """The objects in a folder, in order."""

    def contents(self, keys: Sequence[str]) -> Iterable[tuple[str, list[bytes], str | None]]:
        """These objects: name, records, and what is wrong with it, if anything."""


class EventsOfOrders(Protocol):
    """What orders and the event log let reconciliation do."""

    def page(self, segment: int, segments: int, after: Position) -> Page:
        """Some of a segment of the whole event store."""

    def page_of_hour(self, hour: str, part: int, after: Position) -> tuple[Page, int]:
        """Some of what occurred in an hour, and how many parts it has."""

    def republish_events(self, names: Iterable[Name]) -> int:
        """Have orders' events published again."""

    def republish_integration_events(self, events: Iterable[Envelope]) -> int:
        """Have other services' integration events published again."""


class Histories(Protocol):
    """Orders' events, by order."""

    def read_events(self, order_id: str, after_version: int) -> Iterator[Envelope]:
        """An order's events."""


class Additions(Protocol):
    """What may be added to the archive."""

    def add(self, events: Iterable[Envelope]) -> int:
        """Keep these events; how many were added."""
