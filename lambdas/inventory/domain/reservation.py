"""A reservation: stock that is held for one order, and what becomes of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Bucket(StrEnum):
    """Where the pieces of a SKU are; every piece that was ever delivered is in exactly one."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    SOLD = "sold"


class Status(StrEnum):
    """What has become of a reservation. A refused or released one is also a tombstone."""

    HELD = "held"
    REFUSED = "refused"
    RELEASED = "released"
    EXPIRED = "expired"
    SOLD = "sold"


@dataclass(frozen=True, slots=True)
class Line:
    """So many pieces of one SKU."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class MessageContext:
    """The order's context, so that what happens later without a command still belongs to it."""

    correlation_id: str
    traceparent: str
    command_id: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """One for each order, for ever.

    ``expires_at`` is RFC 3339. ``reason`` and ``sku`` say why it was refused. ``announced`` is
    whether the world knows that it expired; only that happens without anybody asking.
    """

    order_id: str
    status: Status
    lines: tuple[Line, ...]
    expires_at: str
    context: MessageContext
    reason: str | None = None
    sku: str | None = None
    announced: bool = False

    @classmethod
    def hold(
        cls, order_id: str, lines: Iterable[Line], expires_at: str, context: MessageContext
    ) -> "Reservation":
        """Hold these lines until then; several lines of one SKU become one."""
        quantities: dict[str, int] = {}
        for line in lines:
            quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity
        merged = tuple(Line(sku, quantity) for sku, quantity in sorted(quantities.items()))
        return cls(order_id, Status.HELD, merged, expires_at, context)

    @classmethod
    def never_made(cls, order_id: str, now: str, context: MessageContext) -> "Reservation":
        """A tombstone: it is released before it was made, so that it never will be."""
        return cls(order_id, Status.RELEASED, (), now, context)

    @property
    def was_held(self) -> bool:
        """Whether it ever took stock."""
        return self.status is not Status.REFUSED and bool(self.lines)

    def refuse(self, reason: str, sku: str) -> "Reservation":
        """There is not enough of ``sku``: nothing of any line is held."""
        return replace(self, status=Status.REFUSED, reason=reason, sku=sku)

    def release(self) -> "Reservation":
        """Give the stock back because somebody asked for it."""
        return replace(self, status=Status.RELEASED)

    def expire(self) -> "Reservation":
        """Give the stock back because nobody came."""
        return replace(self, status=Status.EXPIRED)

    def sell(self) -> "Reservation":
        """The order is confirmed: the stock never comes back."""
        return replace(self, status=Status.SOLD)

    def announce(self) -> "Reservation":
        """The world knows what became of it."""
        return replace(self, announced=True)
