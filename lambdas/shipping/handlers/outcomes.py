"""How aggregations and shipments end, in the words of replies and integration events."""

from typing import Any

from shared.messaging.queue_worker import IntegrationEvent, Outcome, done, refused
from shipping.domain.quote_aggregation import Quote, QuoteAggregation
from shipping.domain.shipment import CANCELLED_BEFORE, Shipment, Status


def of_aggregation(aggregation: QuoteAggregation) -> Outcome:
    """The answer to GatherQuotes, the same whenever it is given."""
    answer: dict[str, Any] = {
        "best": _quote(aggregation.best_quote) if aggregation.best_quote else None,
        "quotes": [_quote(quote) for _, quote in sorted(aggregation.quotes.items())],
        "missing": list(aggregation.missing),
    }
    # Nobody was asked: then nothing was gathered.
    events = (IntegrationEvent("QuotesGathered", answer),) if aggregation.expected else ()
    if aggregation.reason is not None:
        return refused(aggregation.reason, {"missing": answer["missing"]}, *events)
    return done(answer, *events)


def of_booking(shipment: Shipment) -> Outcome:
    """The answer to BookShipment."""
    if shipment.status is Status.BOOKED:
        booked = {
            "shipment_id": shipment.id,
            "carrier": shipment.carrier,
            "tracking_number": shipment.tracking_number,
        }
        return done(booked, IntegrationEvent("ShipmentBooked", booked))
    if shipment.status is Status.CANCELLED:
        return refused(CANCELLED_BEFORE)
    assert shipment.reason, "a shipment that is neither booked nor cancelled was refused"
    refusal = {"carrier": shipment.carrier, "reason": shipment.reason}
    return refused(
        shipment.reason, {"carrier": shipment.carrier}, IntegrationEvent("ShipmentRefused", refusal)
    )


def of_cancellation(shipment: Shipment) -> Outcome:
    """The answer to CancelShipment: ``cancelled`` says whether there was anything to cancel."""
    if shipment.status is not Status.CANCELLED or shipment.carrier is None:
        return done({"cancelled": False})
    cancelled = {"shipment_id": shipment.id, "carrier": shipment.carrier}
    return done({"cancelled": True}, IntegrationEvent("ShipmentCancelled", cancelled))


def _quote(quote: Quote) -> dict[str, Any]:
    return {
        "carrier": quote.carrier,
        "quote_id": quote.quote_id,
        "price": quote.price,
        "currency": quote.currency,
        "promised_days": quote.promised_days,
    }
