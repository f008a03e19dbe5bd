"""An event store in a dictionary: what commands on any aggregate are tested against."""

from collections.abc import Callable, Sequence
from typing import Generic

from shared.event_sourcing.recorded import EventT, RecordedEvent, VersionTaken


class InMemoryEventStore(Generic[EventT]):
    """Implements ``recorded.EventStore``; ``tests/contract`` holds it to the real one's rules.

    Each of the ``rivals`` acts once, just before somebody else's append reaches the store.
    """

    def __init__(self) -> None:
        self._events: dict[str, list[RecordedEvent[EventT]]] = {}
        self.rivals: list[Callable[[], object]] = []

    def append(self, recorded: RecordedEvent[EventT]) -> None:
        """Keep one more event. Raises VersionTaken."""
        self._let_a_rival_go_first()
        for existing in self._events.get(recorded.aggregate_id, []):
            if existing.version == recorded.version:
                if existing.command == recorded.command:
                    return
                raise VersionTaken(existing)
        self._events.setdefault(recorded.aggregate_id, []).append(recorded)

    def history(self, aggregate_id: str) -> Sequence[RecordedEvent[EventT]]:
        """Every event of an aggregate, by version."""
        return sorted(self._events.get(aggregate_id, []), key=lambda recorded: recorded.version)

    def first(self, aggregate_id: str) -> RecordedEvent[EventT] | None:
        """The aggregate's first event, if there is one."""
        return next((it for it in self.history(aggregate_id) if it.version == 1), None)

    @property
    def count(self) -> int:
        """How many events were ever kept."""
        return sum(map(len, self._events.values()))

    def _let_a_rival_go_first(self) -> None:
        rivals, self.rivals = self.rivals, []
        if rivals:
            rivals.pop(0)()
        self.rivals = rivals
