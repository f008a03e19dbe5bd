"""Why shipping refuses.

ShippingError
 ├─ UnusableAnswer                 a carrier's answer that no aggregation can use
 ├─ CarrierRefused                 the carrier does not take this booking
 ├─ ShipmentNotFound               nothing was booked with this carrier under this number
 └─ TrackingEventReused            the carrier sent the same event id with another content
"""

from dataclasses import dataclass


class ShippingError(Exception):
    """Any refusal of the shipping domain."""


class UnusableAnswer(ShippingError):
    """Sending it again would not help; the text says why."""


class CarrierRefused(ShippingError):
    """The carrier says no, for good."""


@dataclass
class ShipmentNotFound(ShippingError):
    """This carrier has booked nothing for us under this tracking number."""

    tracking_number: str


class TrackingEventReused(ShippingError):
    """The event id is taken by an event with another content."""
