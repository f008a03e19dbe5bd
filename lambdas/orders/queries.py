"""What the event store itself can answer: an order's past."""

from collections.abc import Sequence
from dataclasses import dataclass

from orders.domain.errors import OrderNotFound
from orders.domain.events import OrderPlaced
from orders.domain.order import Order
from orders.ports import EventStore, RecordedEvent


@dataclass(frozen=True, slots=True)
class Moment:
    """Until when a history is read: a time (inclusive, RFC 3339 UTC), a version, or all of it."""

    at: str | None = None
    version: int | None = None

    def includes(self, recorded: RecordedEvent) -> bool:
        """Whether the event had happened by then."""
        if self.at is not None and recorded.occurred_at > self.at:
            return False
        return self.version is None or recorded.version <= self.version


@dataclass(frozen=True, slots=True)
class History:
    """An order as it was, and the events that made it so."""

    order: Order
    events: Sequence[RecordedEvent]


def history(store: EventStore, order_id: str, customer_id: str, moment: Moment) -> History:
    """The order's state and events at a moment.

    Raises:
        OrderNotFound: no such order of this customer, or not yet at that moment.
    """
    every = store.history(order_id)
    if not every or not _owned_by(every[0], customer_id):
        raise OrderNotFound(order_id)
    until = [recorded for recorded in every if moment.includes(recorded)]
    if not until or (moment.version is not None and until[-1].version < moment.version):
        raise OrderNotFound(order_id)
    return History(Order.replay(order_id, (recorded.event for recorded in until)), until)


def _owned_by(first: RecordedEvent, customer_id: str) -> bool:
    return isinstance(first.event, OrderPlaced) and first.event.customer_id == customer_id
