"""What can happen to an order, in the past tense."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Status(StrEnum):
    """Where an order stands; ``new`` is before its first event."""

    NEW = "new"
    PLACED = "placed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class CancellationReason(StrEnum):
    """Why a customer cancels: a fixed list, because free text could hold personal data."""

    CHANGED_MIND = "changed_mind"
    ORDERED_BY_MISTAKE = "ordered_by_mistake"
    FOUND_CHEAPER = "found_cheaper"
    TOO_SLOW = "too_slow"
    OTHER = "other"


class Wrapping(StrEnum):
    """What a gift is wrapped in. Codes may come, and none may go: events have them for ever."""

    PAPER = "paper"
    CLOTH = "cloth"
    BOX = "box"


class GiftNote(StrEnum):
    """The card that lies with a gift, by its code: free text could hold personal data.

    Codes may come, and none may go: events have them for ever.
    """

    HAPPY_BIRTHDAY = "happy-birthday"
    CONGRATULATIONS = "congratulations"
    THANK_YOU = "thank-you"
    WITH_LOVE = "with-love"
    GET_WELL_SOON = "get-well-soon"
    HAPPY_HOLIDAYS = "happy-holidays"


@dataclass(frozen=True, slots=True)
class Gift:
    """How an order is made a gift; without ``note_code`` no card lies with it."""

    wrapping: Wrapping
    note_code: GiftNote | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One priced line; ``unit_price`` in minor units of the order's currency."""

    sku: str
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to, as coarsely as carriers need; the address itself stays with customers."""

    address_id: str
    country: str
    postcode_area: str


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """A customer ordered; ``total`` in minor units of ``currency``, ``weight_grams`` in all."""

    leads_to: ClassVar[Status] = Status.PLACED
    customer_id: str
    lines: tuple[Line, ...]
    currency: str
    total: int
    weight_grams: int
    ship_to: Destination
    gift: Gift | None = None


@dataclass(frozen=True, slots=True)
class OrderConfirmed:
    """Stock, payment and shipment are settled: a sale of ``total`` minor units of ``currency``."""

    leads_to: ClassVar[Status] = Status.CONFIRMED
    currency: str
    total: int


@dataclass(frozen=True, slots=True)
class OrderRejected:
    """It could not be fulfilled; ``reason`` is the refusal's code."""

    leads_to: ClassVar[Status] = Status.REJECTED
    reason: str


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """It was called off, by its ``customer`` or by an ``operator`` on the customer's behalf."""

    leads_to: ClassVar[Status] = Status.CANCELLED
    reason: CancellationReason
    cancelled_by: str = "customer"


OrderEvent = OrderPlaced | OrderConfirmed | OrderRejected | OrderCancelled
EVENT_TYPES: dict[str, type[OrderEvent]] = {
    event.__name__: event for event in (OrderPlaced, OrderConfirmed, OrderRejected, OrderCancelled)
}
