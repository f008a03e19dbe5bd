"""Applies events from the log to a read model: gated by version, repaired where there is a gap.

A new projector is a fold and a table: see ``Projection`` and ``Table``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from shared import log
from shared.envelope import Envelope

StateT = TypeVar("StateT")
ATTEMPTS = 5


class Table(Protocol[StateT]):
    """Where a read model is kept, by aggregate id."""

    def load(self, ids: Sequence[str]) -> Mapping[str, StateT]:
        """The states that exist, strongly consistent."""

    def save(self, state: StateT, base_version: int) -> bool:
        """Keep the state if the kept version is still ``base_version`` (0: none yet)."""

    def version_of(self, state: StateT) -> int:
        """The version that this state has reached."""


Fold = Callable[[StateT | None, Envelope], StateT]
ReadEvents = Callable[[str, int], Iterable[Envelope]]


class ContendedView(Exception):
    """Somebody else kept writing the same view; the batch must come again."""


class Projector(Generic[StateT]):
    """Keeps one table up to date.

    ``read_events(aggregate_id, after_version)`` gives an aggregate's events in order; it is asked
    only for what the log did not bring.
    """

    def __init__(self, table: Table[StateT], fold: Fold[StateT], read_events: ReadEvents) -> None:
        self._table = table
        self._fold = fold
        self._read_events = read_events

    def apply(self, events: Iterable[Envelope]) -> int:
        """Apply a batch, one write for each aggregate; returns the number of writes.

        Duplicates and older versions are ignored, whatever their order. Every aggregate that can be
        brought forward is, and only then is the first error raised, so that the batch comes again.
        """
        pending: dict[str, dict[int, Envelope]] = {}
        for event in events:
            if event.version is not None:
                pending.setdefault(event.aggregate_id, {})[event.version] = event
        known = self._table.load(
            [key for key, by_version in pending.items() if 1 not in by_version]
        )
        writes = 0
        first_error: Exception | None = None
        for key, by_version in pending.items():
            try:
                writes += self._bring_forward(key, by_version, known.get(key))
            except Exception as error:
                log.error("view not updated", aggregate_id=key, error=repr(error))
                first_error = first_error or error
        if first_error:
            raise first_error
        return writes

    def _bring_forward(
        self, key: str, by_version: Mapping[int, Envelope], state: StateT | None
    ) -> int:
        for _attempt in range(ATTEMPTS):
            base = self._table.version_of(state) if state is not None else 0
            last = max(by_version)
            if last <= base:
                return 0
            for event in self._complete(key, by_version, base, last):
                state = self._fold(state, event)
            if state is not None and self._table.save(state, base):
                return 1
            state = self._table.load([key]).get(key)
        raise ContendedView(key)

    def _complete(
        self, key: str, by_version: Mapping[int, Envelope], base: int, last: int
    ) -> list[Envelope]:
        """Every version after ``base``: from the batch, or else from the order's history."""
        wanted = range(base + 1, last + 1)
        missing = [version for version in wanted if version not in by_version]
        if missing:
            log.metric("GapsRepaired", 1)
            fetched = self._read_events(key, missing[0] - 1)
            by_version = {e.version: e for e in fetched if e.version} | dict(by_version)
        return [by_version[version] for version in wanted]
