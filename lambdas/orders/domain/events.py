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
