"""Applies events of the log to a read model: gated by version, repaired, never stopped by poison.

A new projector is a fold and a table. What the fold may count on: an aggregate's events come in
order, each once, in the current version of their schema. What happens to the rest:

- an older or repeated version is ignored, a gap is filled from the aggregate's own history;
- a type that this code does not know moves the version and is counted;
- a record that cannot be read is parked, and stalls nobody;
- an event that cannot be applied is parked and stalls its aggregate, until it is redriven;
- a passing failure is raised once everything else is applied, so that the batch comes again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Generic, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from shared.messaging.envelope import Envelope
from shared.messaging.event_schemas import EventSchemas
from shared.messaging.log_records import LogRecord, Position, Unreadable, read_envelope
from shared.read_models.parked_records import ParkedRecord
from shared.runtime import log

StateT = TypeVar("StateT")
ATTEMPTS = 5
WRITERS = 8


class Checkpoint(msgspec.Struct, Generic[StateT], frozen=True):
    """What a table holds of an aggregate. A stalled one waits for a redrive, events pass it by.

    ``places`` has shard and sequence number by version, where a table keeps them.
    """

    version: int
    state: StateT | None
    stalled_at_version: int | None = None
    places: Mapping[int, Position] = {}


class Change(msgspec.Struct, Generic[StateT], frozen=True):
    """A step from what is kept (None: nothing yet) to what shall be.

    ``places`` is where the log had the versions that it has brought, of those after the base.
    """

    aggregate_id: str
    base: Checkpoint[StateT] | None
    to: Checkpoint[StateT]
    parked: ParkedRecord | None = None
    places: Mapping[int, Position] = {}


class Table(Protocol[StateT]):
    """Where a read model is kept, by aggregate id."""

    def load(self, ids: Sequence[str]) -> Mapping[str, Checkpoint[StateT]]:
        """What is kept of these aggregates, strongly consistent."""

    def save(self, change: Change[StateT]) -> bool:
        """Make the step, and park its record with it, if what is kept is still the base."""

    def insert(self, changes: Sequence[Change[StateT]]) -> set[str]:
        """Make those steps from nothing that are cheaper together; the ids of those made.

        What it leaves out, whatever the reason, is given to ``save``.
        """

    def park(self, parked: ParkedRecord) -> None:
        """Park a record that belongs to no aggregate."""


Fold = Callable[[StateT | None, Envelope], StateT]
ReadEvents = Callable[[str, int], Iterable[Envelope]]


class Contended(Exception):
    """Somebody else kept writing the same aggregate; the batch must come again."""


class StillStalled(Exception):
    """The record has not been applied: its aggregate waits for an event before it, or for it."""


class _Arrival(msgspec.Struct, frozen=True):
    record: LogRecord
    event: Envelope


class Projector(Generic[StateT]):
    """Keeps one table up to date with one type of aggregate's events.

    ``read_events(aggregate_id, after_version)`` gives an aggregate's events in order; it is asked
    only for what the log did not bring. ``writers`` threads write, since that is mostly waiting.
    ``looks_first`` is for a table whose steps are seen elsewhere before they are kept: what is kept
    is then read also of aggregates that seem to begin, so that a batch that comes again repeats
    nothing that is done.
    """

    def __init__(
        self,
        events: EventSchemas,
        table: Table[StateT],
        fold: Fold[StateT],
        read_events: ReadEvents,
        writers: int = WRITERS,
        *,
        looks_first: bool = False,
    ) -> None:
        self._events = events
        self._looks_first = looks_first
        self._writers = writers
        self._table = table
        self._fold = fold
        self._read_events = read_events

    def apply(
        self, records: Iterable[LogRecord], arrived: Callable[[Envelope], None] | None = None
    ) -> int:
        """Apply a batch of the log with one write for each aggregate; returns their number.

        ``arrived`` is told each event of this type of aggregate.

        Raises:
            Exception: the first passing failure, after all that could be applied has been.
        """
        pending = self._by_aggregate(records, arrived)
        unsure = [
            key for key, by_version in pending.items() if self._looks_first or 1 not in by_version
        ]
        known = self._table.load(unsure) if unsure else {}
        keys = list(pending)
        # A write is mostly waiting: a few writers in parallel, each with its share of the keys.
        writers = self._writers if len(keys) >= 2 * self._writers else 1
        shares = [keys[n::writers] for n in range(writers)]

        def advance(share: Sequence[str]) -> tuple[int, Exception | None]:
            return self._advance_all(share, pending, known)

        if len(shares) == 1:
            results = [advance(keys)]
        else:
            with ThreadPoolExecutor(writers) as pool:
                results = list(pool.map(advance, shares))
        errors = [error for _, error in results if error]
        if errors:
            raise errors[0]
        return sum(writes for writes, _ in results)

    def redrive(self, aggregate_id: str) -> int:
        """Fold a stalled aggregate again from its own history; returns the version it reached.

        It stays stalled, and nothing is written, if the fold still fails: then that is raised.
        """
        checkpoint = self._table.load([aggregate_id]).get(aggregate_id)
        base = checkpoint.version if checkpoint else 0
        state = checkpoint.state if checkpoint else None
        version = base
        for event in self._read_events(aggregate_id, base):
            state = self._fold_one(state, event)
            version = event.version or version
        self._save(Change(aggregate_id, checkpoint, Checkpoint(version, state)))
        return version

    def reapply(self, record: LogRecord) -> None:
        """Apply a record that could not be read before.

        Raises:
            Unreadable: it still cannot be read.
            StillStalled: it can, but its aggregate has stalled before it, or because of it: in that
                case it has been parked again at its place, and must not be taken off the list.
        """
        event = read_envelope(record.body)
        self.apply([record])
        if not self._events.holds(event) or event.version is None:
            return
        stalled_at = self.stalled_at(event.aggregate_id)
        if stalled_at is not None and event.version >= stalled_at:
            raise StillStalled(f"{event.aggregate_id} is stalled at version {stalled_at}")

    def stalled_at(self, aggregate_id: str) -> int | None:
        """The version that an aggregate waits for, if it is stalled."""
        checkpoint = self._table.load([aggregate_id]).get(aggregate_id)
        return checkpoint.stalled_at_version if checkpoint else None

    def set_aside(self, record: LogRecord, reason: str) -> None:
        """Park a record by hand, and stall its aggregate if the record names one."""
        try:
            event = read_envelope(record.body)
        except Unreadable:
            self._table.park(ParkedRecord.of(record, reason))
            return
        parked = ParkedRecord.of(record, reason, event.aggregate_id, event.version)
        if not self._events.holds(event) or event.version is None:
            self._table.park(parked)
            return
        checkpoint = self._table.load([event.aggregate_id]).get(event.aggregate_id)
        stalled = replace(checkpoint or Checkpoint(0, None), stalled_at_version=event.version)
        self._save(Change(event.aggregate_id, checkpoint, stalled, parked))

    def _save(self, change: Change[StateT]) -> None:
        if not self._table.save(change):
            raise Contended(change.aggregate_id)

    def _by_aggregate(
        self, records: Iterable[LogRecord], arrived: Callable[[Envelope], None] | None
    ) -> dict[str, dict[int, _Arrival]]:
        pending: dict[str, dict[int, _Arrival]] = {}
        for record in records:
            try:
                event = read_envelope(record.body)
            except Unreadable as unreadable:
                self._table.park(ParkedRecord.of(record, str(unreadable)))
                continue
            if self._events.holds(event) and event.version is not None:
                by_version = pending.setdefault(event.aggregate_id, {})
                by_version[event.version] = _Arrival(record, event)
                if arrived is not None:
                    arrived(event)
        return pending

    def _advance_all(
        self,
        keys: Sequence[str],
        pending: Mapping[str, Mapping[int, _Arrival]],
        known: Mapping[str, Checkpoint[StateT]],
    ) -> tuple[int, Exception | None]:
        inserted = self._insert_new(keys, pending, known)
        writes = len(inserted)
        first_error: Exception | None = None
        for key in keys:
            if key in inserted:
                continue
            try:
                writes += self._advance(key, pending[key], known.get(key))
            except Exception as error:
                log.error("read model not updated", aggregate_id=key, error=type(error).__name__)
                first_error = first_error or error
        return writes, first_error

    def _insert_new(
        self,
        keys: Sequence[str],
        pending: Mapping[str, Mapping[int, _Arrival]],
        known: Mapping[str, Checkpoint[StateT]],
    ) -> set[str]:
        """Aggregates that seem to begin in this batch, and lack nothing: written together."""
        beginning = [key for key in keys if key not in known]
        complete = [key for key in beginning if max(pending[key]) == len(pending[key])]
        changes = [self._change(key, pending[key], None) for key in complete]
        sound = [change for change in changes if change is not None and change.parked is None]
        try:
            return self._table.insert(sound) if sound else set()
        except Exception as error:
            # What has been made and what has not is found out one by one.
            log.warning("not inserted together", error=type(error).__name__)
            return set()

    def _advance(
        self, key: str, arrived: Mapping[int, _Arrival], checkpoint: Checkpoint[StateT] | None
    ) -> int:
        for _attempt in range(ATTEMPTS):
            if checkpoint is not None and checkpoint.stalled_at_version is not None:
                log.metric("EventsPassedByStalled", len(arrived))
                return 0
            if max(arrived) <= (checkpoint.version if checkpoint else 0):
                return 0
            change = self._change(key, arrived, checkpoint)
            if change is None:
                return 0
            if self._saved(change, arrived):
                return 1
            checkpoint = self._table.load([key]).get(key)
        raise Contended(key)

    def _saved(self, change: Change[StateT], arrived: Mapping[int, _Arrival]) -> bool:
        try:
            return self._table.save(change)
        except Exception as error:
            if change.parked is not None or not _is_permanent(error):
                raise
            # A state that the table will never take: as good as an event that cannot be folded.
            version = (change.base.version if change.base else 0) + 1
            record = arrived[version if version in arrived else max(arrived)].record
            parked = ParkedRecord.of(
                record, f"refused by the table: {error}", change.aggregate_id, version
            )
            stalled = replace(change.base or Checkpoint(0, None), stalled_at_version=version)
            return self._table.save(Change(change.aggregate_id, change.base, stalled, parked))

    def _change(
        self, key: str, arrived: Mapping[int, _Arrival], checkpoint: Checkpoint[StateT] | None
    ) -> Change[StateT] | None:
        """Fold what comes next; stop at the first event that cannot be applied."""
        reached = checkpoint or Checkpoint(0, None)
        try:
            events, missing = self._complete(key, arrived, reached.version)
        except msgspec.ValidationError as unreadable:
            # Its history will not read better when the batch comes again.
            first = min(version for version in arrived if version > reached.version)
            reason = f"the history of {key} cannot be read: {unreadable}"
            parked = ParkedRecord.of(arrived[first].record, reason, key, first)
            return Change(key, checkpoint, replace(reached, stalled_at_version=first), parked)
        for event in events:
            assert event.version is not None
            try:
                state = self._fold_one(reached.state, event)
            except Exception as error:
                record = arrived[event.version if event.version in arrived else max(arrived)].record
                reason = f"{event.type} cannot be applied: {type(error).__name__}: {error}"
                parked = ParkedRecord.of(record, reason, key, event.version)
                stalled = replace(reached, stalled_at_version=event.version)
                return Change(key, checkpoint, stalled, parked)
            reached = Checkpoint(event.version, state)
        if missing is not None:
            # Not even their owner has the version in between: somebody else wrote these records.
            for version in sorted(version for version in arrived if version >= missing):
                reason = f"its history has no version {missing} of {key}"
                self._table.park(ParkedRecord.of(arrived[version].record, reason, key, version))
        base = checkpoint.version if checkpoint else 0
        if reached.version <= base:
            return None
        places = {
            version: (it.record.shard, it.record.sequence)
            for version, it in arrived.items()
            if base < version <= reached.version
        }
        return Change(key, checkpoint, reached, places=places)

    def _fold_one(self, state: StateT | None, event: Envelope) -> StateT | None:
        if not self._events.is_known(event.type):
            # The type is no dimension of the metric: whoever writes events chooses it.
            log.warning("unknown event type", type=event.type[:64], event_id=event.event_id)
            log.metric("UnknownEventTypes", 1)
            return state
        return self._fold(state, self._events.upcast(event))

    def _complete(
        self, key: str, arrived: Mapping[int, _Arrival], base: int
    ) -> tuple[list[Envelope], int | None]:
        """Every event after ``base`` in order, and the first version that nobody has, if any."""
        wanted = range(base + 1, max(arrived) + 1)
        events = {version: arrival.event for version, arrival in arrived.items()}
        first_gap = next((version for version in wanted if version not in events), None)
        if first_gap is not None:
            log.metric("GapsRepaired", 1)
            for event in self._read_events(key, first_gap - 1):
                if event.version is not None:
                    events[event.version] = event
        complete: list[Envelope] = []
        for version in chain(wanted, sorted(v for v in events if v > wanted[-1])):
            if version not in events:
                return complete, version
            complete.append(events[version])
        return complete, None


_PERMANENT = frozenset(
    {"ValidationException", "ValidationError", "ItemCollectionSizeLimitExceeded"}
)
"""The first is an error of a call, the others are reasons why a transaction is cancelled: a number
that overflows, a key or an item that is too large."""


def _is_permanent(error: Exception) -> bool:
    """Whether the same write will be refused again, however often it is tried."""
    response = getattr(error, "response", None) or {}
    codes = {reason.get("Code") for reason in response.get("CancellationReasons") or ()}
    codes.add(response.get("Error", {}).get("Code"))
    return not codes.isdisjoint(_PERMANENT)
