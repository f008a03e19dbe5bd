"""What shipping's tables promise, in memory and on DynamoDB alike."""

from __future__ import annotations

import uuid
from dataclasses import replace

from shared.messaging.envelope import Envelope, encode
from shipping.domain.carriers import Parcel
from shipping.domain.quote_aggregation import Quote, QuoteAggregation
from shipping.domain.shipment import MessageContext, Shipment, Status
from shipping.ports import QuoteAggregations, Reception, Shipments

CONTEXT = MessageContext(str(uuid.uuid4()), "00-" + "1" * 32 + "-" + "2" * 16 + "-01")
PARCEL = Parcel(380, "DE", "10")


def aggregation(*expected: str) -> QuoteAggregation:
    """An open aggregation that nobody has answered."""
    names = expected or ("heron", "tern")
    order_id, request_id = str(uuid.uuid4()), str(uuid.uuid4())
    # A command that can be read: where the table has a stream, closing answers it.
    command = Envelope(
        event_id=request_id,
        type="GatherQuotes",
        schema_version=1,
        aggregate_type="order",
        aggregate_id=order_id,
        version=None,
        occurred_at="2026-12-01T00:00:00.000Z",
        correlation_id=CONTEXT.correlation_id,
        causation_id=None,
        traceparent=CONTEXT.traceparent,
        data={"order_id": order_id},
    )
    return QuoteAggregation(order_id, request_id, encode(command).decode(), PARCEL, "EUR", names)


def quote(carrier: str, price: int = 700, days: int = 2, currency: str = "EUR") -> Quote:
    """A quote that holds for long."""
    return Quote(carrier, str(uuid.uuid4()), price, currency, days, "2999-01-01T00:00:00.000Z")


def intent() -> Shipment:
    """A shipment that is being booked."""
    return Shipment(str(uuid.uuid4()), Status.BOOKING, CONTEXT, "tern", str(uuid.uuid4()))


class QuoteAggregationsContract:
    """Subclasses give ``aggregations``."""

    def test_the_first_aggregation_of_a_request_stays(
        self, aggregations: QuoteAggregations
    ) -> None:
        first = aggregation()
        again = replace(first, currency="USD")
        assert aggregations.open(first) == first
        assert aggregations.open(again) == first
        assert aggregations.load(first.order_id, first.request_id) == first
        assert list(aggregations.of_order(first.order_id)) == [first]

    def test_nothing_is_found_where_nothing_is(self, aggregations: QuoteAggregations) -> None:
        assert aggregations.load(str(uuid.uuid4()), str(uuid.uuid4())) is None
        assert list(aggregations.of_order(str(uuid.uuid4()))) == []

    def test_each_carriers_first_answer_counts(self, aggregations: QuoteAggregations) -> None:
        opened = aggregations.open(aggregation())
        key = (opened.order_id, opened.request_id)
        first, second = quote("tern", 700), quote("tern", 1)
        assert aggregations.record(*key, first)[0] is Reception.RECORDED
        reception, kept = aggregations.record(*key, second)
        assert reception is Reception.DUPLICATE
        assert kept
        assert kept.quotes == {"tern": first}

    def test_an_answer_that_does_not_fit_is_not_kept(self, aggregations: QuoteAggregations) -> None:
        opened = aggregations.open(aggregation())
        key = (opened.order_id, opened.request_id)
        for stranger in (quote("osprey"), quote("tern", currency="USD")):
            reception, kept = aggregations.record(*key, stranger)
            assert reception is Reception.LATE
            assert kept
            assert kept.quotes == {}
        unknown = aggregations.record(opened.order_id, str(uuid.uuid4()), quote("tern"))
        assert unknown == (Reception.UNKNOWN, None)

    def test_it_is_closed_once_and_never_written_again(
        self, aggregations: QuoteAggregations
    ) -> None:
        opened = aggregations.open(aggregation())
        key = (opened.order_id, opened.request_id)
        _, answered = aggregations.record(*key, quote("tern"))
        assert answered
        assert aggregations.close(answered.closed())
        assert not aggregations.close(answered.closed())
        assert aggregations.record(*key, quote("heron"))[0] is Reception.LATE
        aggregations.mark_requested(opened, "2026-12-01T00:00:00.000Z")
        assert aggregations.load(*key) == answered.closed()

    def test_an_answer_that_came_in_between_keeps_it_open(
        self, aggregations: QuoteAggregations
    ) -> None:
        opened = aggregations.open(aggregation())
        aggregations.record(opened.order_id, opened.request_id, quote("tern"))
        assert not aggregations.close(opened.closed())

    def test_it_remembers_that_carriers_were_asked(self, aggregations: QuoteAggregations) -> None:
        opened = aggregations.open(aggregation())
        aggregations.mark_requested(opened, "2026-12-01T00:00:00.000Z")
        known = aggregations.load(opened.order_id, opened.request_id)
        assert known
        assert known.requested

    def test_one_without_quotes_is_closed_with_a_reason(
        self, aggregations: QuoteAggregations
    ) -> None:
        opened = aggregations.open(aggregation())
        assert aggregations.close(opened.closed())
        known = aggregations.load(opened.order_id, opened.request_id)
        assert known
        assert (known.best, known.reason) == (None, "no-quotes")


class ShipmentsContract:
    """Subclasses give ``shipments``."""

    def test_an_orders_first_shipment_stays(self, shipments: Shipments) -> None:
        first = intent()
        assert shipments.add(first) == first
        assert shipments.add(replace(first, status=Status.CANCELLED)) == first
        assert shipments.load(first.order_id) == first

    def test_only_the_expected_status_is_replaced(self, shipments: Shipments) -> None:
        known = shipments.add(intent())
        booked = replace(known, status=Status.BOOKED, tracking_number="T1")
        cancelled = replace(known, status=Status.CANCELLED)
        assert shipments.replace(booked, expected=Status.BOOKING)
        assert not shipments.replace(cancelled, expected=Status.BOOKING)
        assert shipments.load(known.order_id) == booked

    def test_it_is_found_by_its_carriers_number_alone(self, shipments: Shipments) -> None:
        known = shipments.add(intent())
        number = uuid.uuid4().hex.upper()
        booked = replace(known, status=Status.BOOKED, tracking_number=number)
        shipments.replace(booked, expected=Status.BOOKING)
        assert shipments.tracked_as("tern", number) == booked
        assert shipments.tracked_as("heron", number) is None
        assert shipments.tracked_as("tern", "NOSUCH") is None
