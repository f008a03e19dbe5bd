"""What shipping does with a command, wherever a worker dies."""

from __future__ import annotations

import itertools
import uuid

import pytest

from shipping import commands
from shipping.commands import BookShipment, CancelShipment, CloseAggregation, TakeAnswer
from shipping.domain.errors import ShipmentNotFound, UnusableAnswer
from shipping.domain.shipment import Shipment, Status, TrackingStatus
from shipping.ports import CarrierUnavailable, Reception, TrackingEvent
from tests.support.contracts.shipping_tables_contract import CONTEXT, PARCEL, aggregation, quote
from tests.support.fakes.in_memory_shipping import (
    Asked,
    FakeCarrier,
    InMemoryQuoteAggregations,
    InMemoryShipments,
)

NOW = "2026-12-01T00:00:00.000Z"


class Office:
    """An order whose quotes are gathered, and everything to book it with."""

    def __init__(self, carrier: FakeCarrier) -> None:
        self.aggregations, self.shipments, self.carrier = (
            InMemoryQuoteAggregations(),
            InMemoryShipments(),
            carrier,
        )
        opened = self.aggregations.open(aggregation("tern"))
        self.order_id, self.quote = opened.order_id, quote("tern")
        commands.take_answer(
            self.aggregations, TakeAnswer(opened.order_id, opened.request_id, self.quote)
        )

    def book(self, now: str = NOW, quote_id: str | None = None) -> Shipment:
        asked = BookShipment(
            self.order_id, "tern", quote_id or self.quote.quote_id, PARCEL, CONTEXT
        )
        return commands.book_shipment(
            self.shipments, self.aggregations, self.carrier, lambda: now, asked
        )

    def cancel(self) -> Shipment:
        return commands.cancel_shipment(
            self.shipments, self.carrier, CancelShipment(self.order_id, CONTEXT)
        )


@pytest.mark.parametrize("dies_at", ["publish", "set"])
def test_carriers_are_asked_whatever_step_a_worker_dies_at(dies_at: str) -> None:
    aggregations, asked, begun = InMemoryQuoteAggregations(), Asked(dies_at), aggregation()
    with pytest.raises(ConnectionError):
        commands.gather_quotes(aggregations, asked, asked, begun)
    commands.gather_quotes(aggregations, asked, asked, begun)
    assert begun.request_id in asked.published
    assert asked.deadlines == [begun.request_id]


def test_a_repeated_question_is_asked_once() -> None:
    aggregations, asked, begun = InMemoryQuoteAggregations(), Asked(), aggregation()
    for _ in range(3):
        commands.gather_quotes(aggregations, asked, asked, begun)
    assert asked.published == [begun.request_id]


def test_the_last_answer_closes_and_later_ones_are_late() -> None:
    aggregations, begun = InMemoryQuoteAggregations(), aggregation("heron", "tern")
    aggregations.open(begun)
    key = (begun.order_id, begun.request_id)
    assert commands.take_answer(aggregations, TakeAnswer(*key, quote("tern"))) is Reception.RECORDED
    assert not aggregations.kept[key].is_closed
    commands.take_answer(aggregations, TakeAnswer(*key, quote("heron")))
    assert aggregations.kept[key].is_closed
    assert (
        commands.take_answer(aggregations, TakeAnswer(*key, quote("heron"))) is Reception.DUPLICATE
    )


@pytest.mark.parametrize("order", list(itertools.permutations(["heron", "tern", "deadline"])))
def test_answers_and_deadline_in_any_order_lead_to_one_closing(order: tuple[str, ...]) -> None:
    aggregations, begun = InMemoryQuoteAggregations(), aggregation("heron", "tern")
    aggregations.open(begun)
    key = (begun.order_id, begun.request_id)
    before_deadline = order[: order.index("deadline")]
    for it in order:
        if it == "deadline":
            commands.close_aggregation(aggregations, CloseAggregation(*key))
        else:
            commands.take_answer(aggregations, TakeAnswer(*key, quote(it)))
    closed = aggregations.kept[key]
    assert closed.is_closed
    assert set(closed.quotes) == set(before_deadline)
    assert not commands.close_aggregation(aggregations, CloseAggregation(*key))


def test_an_answer_to_no_request_cannot_be_used() -> None:
    with pytest.raises(UnusableAnswer, match="there is no request r-1"):
        commands.take_answer(InMemoryQuoteAggregations(), TakeAnswer("o-1", "r-1", quote("tern")))
    with pytest.raises(UnusableAnswer, match="there is no request r-1"):
        commands.close_aggregation(InMemoryQuoteAggregations(), CloseAggregation("o-1", "r-1"))


def test_a_quote_is_booked_once_however_often_it_is_asked() -> None:
    office = Office(FakeCarrier())
    booked = [office.book() for _ in range(3)]
    assert {it.status for it in booked} == {Status.BOOKED}
    assert len({it.tracking_number for it in booked}) == 1
    assert office.carrier.booked == {booked[0].id}


def test_a_booking_whose_answer_was_lost_is_the_same_booking() -> None:
    office = Office(FakeCarrier(lost_answers=1))
    with pytest.raises(CarrierUnavailable):
        office.book()
    assert office.book(now="2999-12-31T00:00:00.000Z").status is Status.BOOKED


@pytest.mark.parametrize("now", ["2999-01-01T00:00:00.000Z", "2999-01-01T00:00:00.001Z"])
def test_an_expired_quote_is_refused_for_good(now: str) -> None:
    office = Office(FakeCarrier())
    assert office.book(now).reason == "quote-expired"
    assert office.book(NOW).reason == "quote-expired"
    assert office.carrier.booked == set()


def test_a_quote_for_another_parcel_is_no_quote_for_this_one() -> None:
    office = Office(FakeCarrier())
    assert office.book(quote_id=str(uuid.uuid4())).reason == "quote-expired"


def test_a_carriers_refusal_is_final() -> None:
    office = Office(FakeCarrier(refuses=True))
    assert [office.book().reason for _ in range(2)] == ["carrier-refused"] * 2


def test_a_cancellation_before_the_booking_makes_it_a_no_op() -> None:
    office = Office(FakeCarrier())
    cancelled = office.cancel()
    assert (cancelled.carrier, cancelled.context) == (None, CONTEXT)
    assert office.book().status is Status.CANCELLED
    assert office.carrier.booked == set()


def test_a_cancellation_while_the_outcome_is_unknown_reaches_the_carrier() -> None:
    office = Office(FakeCarrier(lost_answers=1))
    with pytest.raises(CarrierUnavailable):
        office.book()
    cancelled = office.cancel()
    assert office.carrier.cancelled == {cancelled.id}
    assert office.carrier.booked == set()


def test_a_cancellation_whose_answer_was_lost_is_told_to_the_carrier_again() -> None:
    office = Office(FakeCarrier())
    office.book()
    office.carrier = FakeCarrier(lost_answers=1)
    with pytest.raises(CarrierUnavailable):
        office.cancel()
    assert office.cancel().status is Status.CANCELLED
    assert len(office.carrier.cancelled) == 1


def test_what_was_refused_stays_refused_when_it_is_cancelled() -> None:
    office = Office(FakeCarrier(refuses=True))
    office.book()
    assert office.cancel().status is Status.REFUSED
    assert office.carrier.cancelled == set()


def test_a_report_on_an_unknown_parcel_is_not_found() -> None:
    class Events:
        def add(self, event: TrackingEvent, shipment: Shipment) -> bool:
            raise AssertionError("nothing is kept")

    report = TrackingEvent("tern", "e-1", "T1", TrackingStatus.LOST, NOW)
    with pytest.raises(ShipmentNotFound):
        commands.track_shipment(InMemoryShipments(), Events(), report)
