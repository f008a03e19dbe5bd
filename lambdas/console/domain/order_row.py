"""An order as a line of the list: what its messages say of it, in whatever order they come."""

from dataclasses import dataclass, replace

from console.domain.activity import Activity

STATUS = {
    "OrderPlaced": "placed",
    "OrderConfirmed": "confirmed",
    "OrderRejected": "rejected",
    "OrderCancelled": "cancelled",
}
PLACED = "OrderPlaced"


@dataclass(frozen=True, slots=True)
class OrderRow:
    """``last`` is the type of its last message, and ``version`` that of its last event, or 0.

    ``listed_at`` is its place in the list: when it was placed, or first heard of.
    """

    order_id: str
    status: str
    version: int
    placed_at: str | None
    listed_at: str
    updated_at: str
    last: str


def first_heard(message: Activity) -> OrderRow:
    """The line of an order that nothing was known of."""
    assert message.order_id is not None
    at = _not_later(message.occurred_at, message.recorded_at)
    unknown = OrderRow(message.order_id, "placed", 0, None, at, "", "")
    return heard(unknown, message)


def heard(row: OrderRow, message: Activity) -> OrderRow:
    """The line after one message more; hearing it again, or late, changes nothing more."""
    at = _not_later(message.occurred_at, message.recorded_at)
    if at >= row.updated_at:
        row = replace(row, updated_at=at, last=message.type)
    if message.type == PLACED and row.placed_at is None:
        row = replace(row, placed_at=at, listed_at=at)
    if message.version is not None and message.version > row.version:
        status = STATUS.get(message.type, row.status)
        row = replace(row, version=message.version, status=status)
    return row


def _not_later(occurred_at: str, recorded_at: str) -> str:
    """A clock that is ahead puts nothing into the future, where no list would find it."""
    return min(occurred_at, recorded_at)
