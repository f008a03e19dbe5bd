"""An event store in a dictionary: what the commands are tested against."""

from collections.abc import Callable, Sequence

from orders.ports import RecordedEvent, VersionTaken


class InMemoryEventStore:
    """Implements ``orders.ports.EventStore``; ``tests/contract`` holds it to the real one's rules.

    Each of the ``rivals`` acts once, just before somebody else's append reaches the store.
    """

    def __init__(self) -> None:
        self._events: dict[str, list[RecordedEvent]] = {}
        self.rivals: list[Callable[[], object]] = []

    def append(self, recorded: RecordedEvent) -> None:
        """Keep one more event. Raises VersionTaken."""
        self._let_a_rival_go_first()
        for existing in self._events.get(recorded.order_id, []):
            if existing.version == recorded.version:
                if existing.command == recorded.command:
                    return
                raise VersionTaken(existing)
        self._events.setdefault(recorded.order_id, []).append(recorded)

    def history(self, order_id: str) -> Sequence[RecordedEvent]:
        """Every event of an order, by version."""
        return sorted(self._events.get(order_id, []), key=lambda recorded: recorded.version)

    def first(self, order_id: str) -> RecordedEvent | None:
        """The order's first event, if there is one."""
        return next((it for it in self.history(order_id) if it.version == 1), None)

    @property
    def count(self) -> int:
        """How many events were ever kept."""
        return sum(map(len, self._events.values()))

    def _let_a_rival_go_first(self) -> None:
        rivals, self.rivals = self.rivals, []
        if rivals:
            rivals.pop(0)()
        self.rivals = rivals
