"""What shipping needs from outside: places to keep its state, and ways to the carriers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shipping.domain.carriers import Parcel
from shipping.domain.gathering import Gathering, Quote
from shipping.domain.shipment import Shipment, Status, TrackingStatus


class Reception(StrEnum):
    """What became of a carrier's answer."""

    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    LATE = "late"
    UNKNOWN = "unknown"


class Gatherings(Protocol):
    """Gatherings by order and request; every change is one conditional write."""

    def open(self, gathering: Gathering) -> Gathering:
        """Keep a new gathering, or return the one that is there already."""

    def load(self, order_id: str, request_id: str) -> Gathering | None:
        """One gathering, strongly consistent."""

    def of_order(self, order_id: str) -> Sequence[Gathering]:
        """Every gathering of an order, strongly consistent."""

    def mark_requested(self, gathering: Gathering, deadline: str) -> None:
        """Remember that the carriers were asked; ``deadline`` is RFC 3339."""

    def record(
        self, order_id: str, request_id: str, quote: Quote
    ) -> tuple[Reception, Gathering | None]:
        """Keep a carrier's first answer to an open gathering, and return what is kept then."""

    def close(self, closed: Gathering) -> bool:
        """Keep the closed gathering if it is still open and no answer has come since it was read.

        Whoever gets True has closed it: nobody else will.
        """


class QuoteRequests(Protocol):
    """The way to all carriers at once."""

    def publish(self, gathering: Gathering) -> None:
        """Ask every carrier that the gathering expects to answer, and no other."""


class Deadlines(Protocol):
    """A clock that rings for a gathering."""

    def set(self, gathering: Gathering) -> str:
        """Have the gathering closed when its time is up; returns that time, RFC 3339."""


class Shipments(Protocol):
    """Shipments by order; every change is one conditional write."""

    def load(self, order_id: str) -> Shipment | None:
        """The order's shipment, strongly consistent."""

    def add(self, shipment: Shipment) -> Shipment:
        """Keep the order's first shipment, or return the one that is there already."""

    def replace(self, shipment: Shipment, expected: Status) -> bool:
        """Keep the shipment's new state if its status is still ``expected``."""

    def tracked_as(self, carrier: str, tracking_number: str) -> Shipment | None:
        """The shipment that this carrier booked under this number; a moment late at most."""


class CarrierDesk(Protocol):
    """Where a carrier books and cancels. Both take a repetition as the same request."""

    def book(self, carrier: str, shipment_id: str, quote_id: str, parcel: Parcel) -> str:
        """Book, and return the tracking number. Raises CarrierRefused, CarrierUnavailable."""

    def cancel(self, carrier: str, shipment_id: str) -> None:
        """Cancel what was or will be booked as this shipment. Raises CarrierUnavailable."""


class CarrierUnavailable(Exception):
    """The carrier did not answer, or not sensibly: it may have done its work or not."""


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """A carrier's report on a shipment; ``event_id`` is the carrier's, times are RFC 3339."""

    carrier: str
    event_id: str
    tracking_number: str
    status: TrackingStatus
    happened_at: str


class TrackingEvents(Protocol):
    """The carriers' reports, each kept once and announced from there."""

    def add(self, event: TrackingEvent, shipment: Shipment) -> bool:
        """Keep a report; False if it is there already. Raises TrackingEventReused."""
