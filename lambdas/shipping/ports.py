"""What shipping needs from outside: places to keep its state, and ways to the carriers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from shipping.domain.carriers import Parcel
from shipping.domain.quote_aggregation import Quote, QuoteAggregation
from shipping.domain.shipment import Shipment, Status, TrackingStatus


class Reception(StrEnum):
    """What became of a carrier's answer."""

    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    LATE = "late"
    UNKNOWN = "unknown"


class QuoteAggregations(Protocol):
    """Aggregations by order and request; every change is one conditional write."""

    def open(self, aggregation: QuoteAggregation) -> QuoteAggregation:
        """Keep a new aggregation, or return the one that is there already."""

    def load(self, order_id: str, request_id: str) -> QuoteAggregation | None:
        """One aggregation, strongly consistent."""

    def of_order(self, order_id: str) -> Sequence[QuoteAggregation]:
        """Every aggregation of an order, strongly consistent."""

    def mark_requested(self, aggregation: QuoteAggregation, deadline: str) -> None:
        """Remember that the carriers were asked; ``deadline`` is RFC 3339."""

    def record(
        self, order_id: str, request_id: str, quote: Quote
    ) -> tuple[Reception, QuoteAggregation | None]:
        """Keep a carrier's first answer to an open aggregation, and return what is kept then."""

    def close(self, closed: QuoteAggregation) -> bool:
        """Keep the closed aggregation if it is still open and no answer has come since it was read.

        Whoever gets True has closed it: nobody else will.
        """


class QuoteRequests(Protocol):
    """The way to all carriers at once."""

    def publish(self, aggregation: QuoteAggregation) -> None:
        """Ask every carrier that the aggregation expects to answer, and no other."""


class Deadlines(Protocol):
    """A clock that rings for an aggregation."""

    def set(self, aggregation: QuoteAggregation) -> str:
        """Have the aggregation closed when its time is up; returns that time, RFC 3339."""


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


class CarrierApi(Protocol):
    """A carrier's API: it books and cancels. Both calls can be repeated without harm."""

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
