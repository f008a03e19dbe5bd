"""What shipping's tables promise, in memory and on DynamoDB alike."""

from __future__ import annotations

import uuid
from dataclasses import replace

from shared.messaging.envelope import Envelope, encode
from shipping.domain.carriers import Parcel
from shipping.domain.gathering import Gathering, Quote
from shipping.domain.shipment import MessageContext, Shipment, Status
from shipping.ports import Gatherings, Reception, Shipments

CONTEXT = MessageContext(str(uuid.uuid4()), "00-" + "1" * 32 + "-" + "2" * 16 + "-01")
PARCEL = Parcel(380, "DE", "10")


def gathering(*expected: str) -> Gathering:
    """An open gathering that nobody has answered."""
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
    return Gathering(order_id, request_id, encode(command).decode(), PARCEL, "EUR", names)


def quote(carrier: str, price: int = 700, days: int = 2, currency: str = "EUR") -> Quote:
    """A quote that holds for long."""
    return Quote(carrier, str(uuid.uuid4()), price, currency, days, "2999-01-01T00:00:00.000Z")


def intent() -> Shipment:
    """A shipment that is being booked."""
    return Shipment(str(uuid.uuid4()), Status.BOOKING, CONTEXT, "tern", str(uuid.uuid4()))


class GatheringsContract:
    """Subclasses give ``gatherings``."""

    def test_the_first_gathering_of_a_request_stays(self, gatherings: Gatherings) -> None:
        first = gathering()
        again = replace(first, currency="USD")
        assert gatherings.open(first) == first
        assert gatherings.open(again) == first
        assert gatherings.load(first.order_id, first.request_id) == first
        assert list(gatherings.of_order(first.order_id)) == [first]

    def test_nothing_is_found_where_nothing_is(self, gatherings: Gatherings) -> None:
        assert gatherings.load(str(uuid.uuid4()), str(uuid.uuid4())) is None
        assert list(gatherings.of_order(str(uuid.uuid4()))) == []

    def test_each_carriers_first_answer_counts(self, gatherings: Gatherings) -> None:
        opened = gatherings.open(gathering())
        key = (opened.order_id, opened.request_id)
        first, second = quote("tern", 700), quote("tern", 1)
        assert gatherings.record(*key, first)[0] is Reception.RECORDED
        reception, kept = gatherings.record(*key, second)
        assert reception is Reception.DUPLICATE
        assert kept
        assert kept.quotes == {"tern": first}

    def test_an_answer_that_does_not_fit_is_not_kept(self, gatherings: Gatherings) -> None:
        opened = gatherings.open(gathering())
        key = (opened.order_id, opened.request_id)
        for stranger in (quote("osprey"), quote("tern", currency="USD")):
            reception, kept = gatherings.record(*key, stranger)
            assert reception is Reception.LATE
            assert kept
            assert kept.quotes == {}
        unknown = gatherings.record(opened.order_id, str(uuid.uuid4()), quote("tern"))
        assert unknown == (Reception.UNKNOWN, None)

    def test_it_is_closed_once_and_never_written_again(self, gatherings: Gatherings) -> None:
        opened = gatherings.open(gathering())
        key = (opened.order_id, opened.request_id)
        _, answered = gatherings.record(*key, quote("tern"))
        assert answered
        assert gatherings.close(answered.closed())
        assert not gatherings.close(answered.closed())
        assert gatherings.record(*key, quote("heron"))[0] is Reception.LATE
        gatherings.mark_requested(opened, "2026-12-01T00:00:00.000Z")
        assert gatherings.load(*key) == answered.closed()

    def test_an_answer_that_came_in_between_keeps_it_open(self, gatherings: Gatherings) -> None:
        opened = gatherings.open(gathering())
        gatherings.record(opened.order_id, opened.request_id, quote("tern"))
        assert not gatherings.close(opened.closed())

    def test_it_remembers_that_carriers_were_asked(self, gatherings: Gatherings) -> None:
        opened = gatherings.open(gathering())
        gatherings.mark_requested(opened, "2026-12-01T00:00:00.000Z")
        known = gatherings.load(opened.order_id, opened.request_id)
        assert known
        assert known.requested

    def test_one_without_quotes_is_closed_with_a_reason(self, gatherings: Gatherings) -> None:
        opened = gatherings.open(gathering())
        assert gatherings.close(opened.closed())
        known = gatherings.load(opened.order_id, opened.request_id)
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
