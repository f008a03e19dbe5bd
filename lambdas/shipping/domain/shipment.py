"""A shipment: booked with a carrier at most once for each order, refused, or cancelled."""

import uuid
from dataclasses import dataclass
from enum import StrEnum

QUOTE_EXPIRED = "quote-expired"
CARRIER_REFUSED = "carrier-refused"
CANCELLED_BEFORE = "cancelled-before"


class Status(StrEnum):
    """``booking`` is an intent: the carrier may have heard of it or not."""

    BOOKING = "booking"
    BOOKED = "booked"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class TrackingStatus(StrEnum):
    """Where a parcel is, as carriers report it."""

    PICKED_UP = "picked-up"
    IN_TRANSIT = "in-transit"
    OUT_FOR_DELIVERY = "out-for-delivery"
    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class MessageContext:
    """The context that a later report of the carrier belongs to."""

    correlation_id: str
    traceparent: str


@dataclass(frozen=True, slots=True)
class Shipment:
    """An order's shipment. Without a carrier it is a tombstone: cancelled before it was booked."""

    order_id: str
    status: Status
    context: MessageContext
    carrier: str | None = None
    quote_id: str | None = None
    tracking_number: str | None = None
    reason: str | None = None

    @property
    def id(self) -> str:
        """The reference under which the carrier books, the same for every try."""
        return shipment_id(self.order_id)


def shipment_id(order_id: str) -> str:
    """An order has one shipment, so its id follows from the order's."""
    return str(uuid.uuid5(uuid.UUID(order_id), "shipment"))
