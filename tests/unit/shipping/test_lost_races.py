"""Shipping where two workers meet: whoever comes second finds out, and nobody books in vain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shipping import commands
from shipping.commands import CloseAggregation, TakeAnswer
from shipping.domain.carriers import Carrier, Parcel
from shipping.domain.errors import UnusableAnswer
from shipping.domain.quote_aggregation import QuoteAggregation
from shipping.domain.shipment import Shipment, Status, TrackingStatus
from shipping.ports import TrackingEvent
from tests.support.contracts.shipping_tables_contract import PARCEL, aggregation, quote
from tests.support.fakes.in_memory_shipping import Asked, FakeCarrier, InMemoryQuoteAggregations
from tests.unit.shipping.test_commands import NOW, Office


def during_the_call(carrier: FakeCarrier, name: str, others: Callable[[], object]) -> None:
    """While the carrier works, somebody else does something, once."""
    call = getattr(carrier, name)

    def meanwhile(*args: Any) -> Any:
        setattr(carrier, name, call)
        answer = call(*args)
        others()
        return answer

    setattr(carrier, name, meanwhile)


def test_a_booking_that_was_cancelled_meanwhile_is_cancelled_with_the_carrier_again() -> None:
    office = Office(FakeCarrier())
    told: list[tuple[str, str]] = []

    def cancel(carrier: str, shipment_id: str) -> None:
        told.append((carrier, shipment_id))

    office.carrier.cancel = cancel  # type: ignore[method-assign]
    during_the_call(office.carrier, "book", office.cancel)
    shipment = office.book()
    assert shipment.status is Status.CANCELLED
    assert shipment == office.shipments.kept[office.order_id]
    assert told == [("tern", shipment.id)] * 2, "once before the booking reached the carrier"


def test_a_booking_that_another_worker_made_meanwhile_is_that_one_and_not_cancelled() -> None:
    office = Office(FakeCarrier())
    during_the_call(office.carrier, "book", office.book)
    shipment = office.book()
    assert shipment.status is Status.BOOKED
    assert shipment == office.shipments.kept[office.order_id]
    assert office.carrier.cancelled == set()


def test_a_cancellation_that_meets_a_booking_cancels_what_was_booked() -> None:
    office = Office(FakeCarrier(lost_answers=1))
    with pytest.raises(Exception, match="tern"):
        office.book()
    replace = office.shipments.replace

    def overtaken(shipment: Shipment, expected: Status) -> bool:
        office.shipments.replace = replace  # type: ignore[method-assign]
        office.book()
        return replace(shipment, expected)

    office.shipments.replace = overtaken  # type: ignore[method-assign]
    shipment = office.cancel()
    assert shipment.status is Status.CANCELLED
    assert shipment.tracking_number, "what was booked is known to the last"
    assert shipment == office.shipments.kept[office.order_id]
    assert office.carrier.booked == set()


def test_a_closing_that_meets_an_answer_takes_it_in() -> None:
    aggregations, begun = InMemoryQuoteAggregations(), aggregation("heron", "tern")
    aggregations.open(begun)
    key = (begun.order_id, begun.request_id)
    answer = quote("tern")
    close = aggregations.close

    def overtaken(closed: QuoteAggregation) -> bool:
        aggregations.close = close  # type: ignore[method-assign]
        aggregations.record(*key, answer)
        return close(closed)

    aggregations.close = overtaken  # type: ignore[method-assign]
    assert commands.close_aggregation(aggregations, CloseAggregation(*key)) is True
    assert set(aggregations.kept[key].quotes) == {"tern"}
    assert aggregations.kept[key].best == "tern"
    assert aggregations.kept[key].missing == ("heron",)
    assert aggregations.kept[key].best_quote == answer
    assert commands.close_aggregation(aggregations, CloseAggregation(*key)) is False


def test_an_aggregation_is_returned_as_it_stands() -> None:
    aggregations, asked, begun = InMemoryQuoteAggregations(), Asked(), aggregation()
    assert commands.gather_quotes(aggregations, asked, asked, begun) == begun
    assert begun.best_quote is None
    closed = aggregations.kept[begun.order_id, begun.request_id].closed()
    aggregations.kept[begun.order_id, begun.request_id] = closed
    assert commands.gather_quotes(aggregations, asked, asked, begun) == closed


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (quote("raven"), "raven was not asked in request"),
        (quote("tern", currency="USD"), "tern was asked for a price in EUR"),
    ],
    ids=["another carrier", "another currency"],
)
def test_an_answer_that_nobody_asked_for_cannot_be_used(answer: Any, match: str) -> None:
    aggregations, begun = InMemoryQuoteAggregations(), aggregation("tern")
    aggregations.open(begun)
    with pytest.raises(UnusableAnswer, match=match):
        commands.take_answer(aggregations, TakeAnswer(begun.order_id, begun.request_id, answer))
    assert aggregations.kept[begun.order_id, begun.request_id] == begun


@pytest.mark.parametrize("is_new", [True, False])
def test_a_report_is_kept_with_the_parcel_that_it_is_about(is_new: bool) -> None:
    office = Office(FakeCarrier())
    booked = office.book()
    assert booked.tracking_number
    kept: list[tuple[TrackingEvent, Shipment]] = []

    class Events:
        def add(self, event: TrackingEvent, shipment: Shipment) -> bool:
            kept.append((event, shipment))
            return is_new

    number = booked.tracking_number
    report = TrackingEvent("tern", "e-1", number, TrackingStatus.LOST, NOW)
    found = commands.track_shipment(office.shipments, Events(), report)
    assert found == (booked, is_new)
    assert kept == [(report, booked)]


ENTRY = {
    "name": "tern",
    "grams": {"from": 100, "to": 2000},
    "days": {"DE": 2},
    "tariff": {"EUR": {"base": 300, "per_kg": 100}},
    "quotes_hold_minutes": 30,
}


@pytest.mark.parametrize(
    ("grams", "takes"), [(99, False), (100, True), (2000, True), (2001, False)]
)
def test_a_carrier_of_the_list_takes_what_is_within_its_limits(grams: int, takes: bool) -> None:
    carrier = Carrier.from_entry(ENTRY)
    assert (carrier.name, carrier.quotes_hold_minutes) == ("tern", 30)
    assert carrier.tariff["EUR"].price(1001) == 500
    assert (
        carrier.takes(Parcel(weight_grams=grams, country="DE", postcode_area="10"), "EUR") == takes
    )


def test_an_aggregation_begins_with_the_ids_that_it_was_given() -> None:
    carriers = [Carrier.from_entry(ENTRY)]
    begun = QuoteAggregation.begin(carriers, ["tern"], "order", "request", "command", PARCEL, "EUR")
    assert (begun.order_id, begun.request_id, begun.command) == ("order", "request", "command")
