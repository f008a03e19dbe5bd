"""The commands of shipping: gather quotes, take answers, close; book, cancel, track."""

from collections.abc import Callable
from dataclasses import replace

import msgspec

from shipping.domain.carriers import Parcel
from shipping.domain.errors import CarrierRefused, ShipmentNotFound, UnusableAnswer
from shipping.domain.quote_aggregation import Quote, QuoteAggregation
from shipping.domain.shipment import (
    CARRIER_REFUSED,
    QUOTE_EXPIRED,
    MessageContext,
    Shipment,
    Status,
)
from shipping.ports import (
    CarrierApi,
    Deadlines,
    QuoteAggregations,
    QuoteRequests,
    Reception,
    Shipments,
    TrackingEvent,
    TrackingEvents,
)

Clock = Callable[[], str]


class TakeAnswer(msgspec.Struct, frozen=True):
    """A carrier offers a quote."""

    order_id: str
    request_id: str
    quote: Quote


class CloseAggregation(msgspec.Struct, frozen=True):
    """An aggregation's time is up."""

    order_id: str
    request_id: str


class BookShipment(msgspec.Struct, frozen=True):
    """Book the quote that was chosen for a parcel."""

    order_id: str
    carrier: str
    quote_id: str
    parcel: Parcel
    context: MessageContext


class CancelShipment(msgspec.Struct, frozen=True):
    """Undo the booking, whether or not it has happened."""

    order_id: str
    context: MessageContext


def gather_quotes(
    aggregations: QuoteAggregations,
    requests: QuoteRequests,
    deadlines: Deadlines,
    begun: QuoteAggregation,
) -> QuoteAggregation:
    """Ask the carriers once, and return the aggregation as it stands.

    A worker that dies on the way leaves an aggregation that was not requested: the command comes
    again and goes on from there. Asking twice is harmless, since each carrier's first answer
    counts; so is a second deadline, since only an open aggregation can be closed.
    """
    aggregation = aggregations.open(begun)
    if not aggregation.is_closed and not aggregation.requested:
        requests.publish(aggregation)
        aggregations.mark_requested(aggregation, deadlines.set(aggregation))
    return aggregation


def take_answer(aggregations: QuoteAggregations, command: TakeAnswer) -> Reception:
    """Record a carrier's answer, and close the aggregation when it is the last one.

    Raises:
        UnusableAnswer: nobody asked this carrier for such a quote.
    """
    order_id, request_id, quote = command.order_id, command.request_id, command.quote
    reception, aggregation = aggregations.record(order_id, request_id, quote)
    if aggregation is None:
        raise UnusableAnswer(f"there is no request {request_id}")
    if quote.carrier not in aggregation.expected:
        raise UnusableAnswer(f"{quote.carrier} was not asked in request {request_id}")
    if quote.currency != aggregation.currency:
        raise UnusableAnswer(f"{quote.carrier} was asked for a price in {aggregation.currency}")
    # Also after a duplicate: a worker may have died between recording the last answer and closing.
    if not aggregation.is_closed and aggregation.is_complete:
        close_aggregation(aggregations, CloseAggregation(order_id, request_id))
    return reception


def close_aggregation(aggregations: QuoteAggregations, command: CloseAggregation) -> bool:
    """Close an aggregation with the quotes that are there; False if it was closed before.

    Raises:
        UnusableAnswer: there is no such aggregation.
    """
    while True:
        aggregation = aggregations.load(command.order_id, command.request_id)
        if aggregation is None:
            raise UnusableAnswer(f"there is no request {command.request_id}")
        if aggregation.is_closed:
            return False
        # Lost to another answer, which then takes part, or to another closing. There are no more
        # answers than carriers, so this ends.
        if aggregations.close(aggregation.closed()):
            return True


def book_shipment(
    shipments: Shipments,
    aggregations: QuoteAggregations,
    carriers: CarrierApi,
    now: Clock,
    asked: BookShipment,
) -> Shipment:
    """Book with the carrier at most once, and return the shipment as it stands.

    The intent is kept before the carrier is called: a cancellation that comes while the outcome is
    unknown then knows whom to call.
    """
    shipment = shipments.load(asked.order_id)
    if shipment is None:
        quote = _quote(aggregations, asked)
        intent = Shipment(
            asked.order_id, Status.BOOKING, asked.context, asked.carrier, asked.quote_id
        )
        if quote is None or quote.valid_until <= now():
            intent = replace(intent, status=Status.REFUSED, reason=QUOTE_EXPIRED)
        shipment = shipments.add(intent)
    if shipment.status is Status.BOOKING:
        return _settle_with_carrier(shipments, carriers, shipment, asked.parcel)
    return shipment


def _quote(aggregations: QuoteAggregations, asked: BookShipment) -> Quote | None:
    for aggregation in aggregations.of_order(asked.order_id):
        quote = aggregation.quotes.get(asked.carrier)
        if quote and quote.quote_id == asked.quote_id and aggregation.parcel == asked.parcel:
            return quote
    return None


def _settle_with_carrier(
    shipments: Shipments, carriers: CarrierApi, intent: Shipment, parcel: Parcel
) -> Shipment:
    assert intent.carrier
    assert intent.quote_id
    try:
        number = carriers.book(intent.carrier, intent.id, intent.quote_id, parcel)
        settled = replace(intent, status=Status.BOOKED, tracking_number=number)
    except CarrierRefused:
        settled = replace(intent, status=Status.REFUSED, reason=CARRIER_REFUSED)
    if shipments.replace(settled, expected=Status.BOOKING):
        return settled
    other = shipments.load(intent.order_id)
    assert other, "shipments are never deleted"
    if other.status is Status.CANCELLED:
        # Its cancellation may have reached the carrier before the booking did.
        carriers.cancel(intent.carrier, intent.id)
    return other


def cancel_shipment(
    shipments: Shipments, carriers: CarrierApi, command: CancelShipment
) -> Shipment:
    """Undo a booking, also one whose outcome is unknown; or keep a tombstone for one to come.

    The shipment is cancelled here first, so that a booking on its way finds it cancelled. The
    carrier is told each time: a worker may have died before it was.
    """
    order_id = command.order_id
    shipment = shipments.add(Shipment(order_id, Status.CANCELLED, command.context))
    while shipment.status in (Status.BOOKING, Status.BOOKED):
        cancelled = replace(shipment, status=Status.CANCELLED)
        if shipments.replace(cancelled, expected=shipment.status):
            shipment = cancelled
        else:
            shipment = shipments.load(order_id) or shipment
    if shipment.status is Status.CANCELLED and shipment.carrier:
        carriers.cancel(shipment.carrier, shipment.id)
    return shipment


def track_shipment(
    shipments: Shipments, events: TrackingEvents, event: TrackingEvent
) -> tuple[Shipment, bool]:
    """Keep a carrier's report; the flag says whether it is new.

    Raises:
        ShipmentNotFound: this carrier has booked nothing for us under this number.
        TrackingEventReused: the event's id came with another content before.
    """
    shipment = shipments.tracked_as(event.carrier, event.tracking_number)
    if shipment is None:
        raise ShipmentNotFound(event.tracking_number)
    return shipment, events.add(event, shipment)
