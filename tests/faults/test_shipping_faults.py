"""Carriers that misbehave, messages that come thrice, workers that die: nothing lost or doubled."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shared.messaging.envelope import Envelope, encode
from shared.runtime import clock
from shipping import commands
from shipping.adapters.carrier_list import carriers
from shipping.adapters.dynamodb_quote_aggregations import DynamoDbQuoteAggregations
from shipping.adapters.dynamodb_shipments import DynamoDbShipments
from shipping.domain.quote_aggregation import Quote, QuoteAggregation, best
from shipping.domain.shipment import MessageContext, Shipment, Status, shipment_id
from shipping.handlers.forms import BookShipment, GatherQuotes
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.shipping_driver import (
    CARRIERS,
    LONGER_THAN_DEADLINE,
    ShippingDriver,
    book_shipment,
    cancel_shipment,
    command,
    gather_quotes,
)

NEVER: Any = {"S": "never"}
UNTIL: Any = clock.format_time(datetime.now(UTC) + timedelta(days=30))


@pytest.fixture(scope="module")
def driver(deployment: Deployment) -> ShippingDriver:
    return ShippingDriver.at(deployment)


@pytest.fixture
def aggregations(driver: ShippingDriver) -> DynamoDbQuoteAggregations:
    return DynamoDbQuoteAggregations(
        driver.deployment.cloud.client("dynamodb"),
        driver.deployment.named("shipping", "tables", "Gatherings"),
    )


@pytest.fixture
def shipments(driver: ShippingDriver) -> DynamoDbShipments:
    return DynamoDbShipments(
        driver.deployment.cloud.client("dynamodb"),
        driver.deployment.named("shipping", "tables", "Shipments"),
    )


@contextmanager
def soon_again(driver: ShippingDriver, queue: str) -> Iterator[None]:
    """Have failed messages come again after a second instead of minutes."""
    sqs, url = driver.deployment.cloud.client("sqs"), driver.queue(queue)
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=before["Attributes"])


@contextmanager
def all_silent(driver: ShippingDriver) -> Iterator[None]:
    """No carrier answers."""
    with ExitStack() as silent:
        for carrier in CARRIERS:
            silent.enter_context(driver.misbehaving(carrier, answers=NEVER))
        yield


def quote(carrier: str, price: int = 700) -> Quote:
    return Quote(carrier, str(uuid.uuid4()), price, "EUR", 2, UNTIL)


def offered(asked: Envelope, quote: Quote, **changes: Any) -> str:
    data = {
        "order_id": asked.aggregate_id,
        "request_id": asked.event_id,
        **msgspec.to_builtins(quote),
        **changes,
    }
    return encode(msgspec.structs.replace(asked, type="QuoteOffered", data=data)).decode()


def close(asked: Envelope) -> str:
    data = {"order_id": asked.aggregate_id, "request_id": asked.event_id}
    return encode(msgspec.structs.replace(asked, type="CloseGathering", data=data)).decode()


def begun(asked: Envelope) -> QuoteAggregation:
    form = msgspec.convert(asked.data, GatherQuotes)
    return QuoteAggregation.begin(
        list(carriers().values()),
        list(carriers()),
        form.order_id,
        asked.event_id,
        encode(asked).decode(),
        form.parcel,
        form.currency,
    )


def ask_until_deadline(
    driver: ShippingDriver, aggregations: DynamoDbQuoteAggregations, asked: Envelope, answers: int
) -> dict[str, Any]:
    """The reply's data, when the time is up as soon as so many carriers have answered.

    Nobody has to wait for the deadline that is configured, nor fear that a carrier misses it.
    """

    def answered() -> bool:
        aggregation = aggregations.load(asked.aggregate_id, asked.event_id)
        return (
            aggregation is not None and aggregation.requested and len(aggregation.quotes) == answers
        )

    driver.send(asked)
    eventually(answered)
    driver.put("Deadlines", close(asked))
    return driver.reply(asked)


def test_one_silent_carrier_leaves_the_best_of_two_at_the_deadline(
    driver: ShippingDriver, aggregations: DynamoDbQuoteAggregations
) -> None:
    asked = gather_quotes(str(uuid.uuid4()))
    with driver.misbehaving("tern-post", answers=NEVER):
        reply = ask_until_deadline(driver, aggregations, asked, answers=2)
    assert reply["outcome"] == "done"
    assert reply["data"]["best"]["carrier"] == "aquila-express"
    assert reply["data"]["missing"] == ["tern-post"]
    assert len(reply["data"]["quotes"]) == 2


def test_no_carrier_that_answers_means_no_quotes(
    driver: ShippingDriver, aggregations: DynamoDbQuoteAggregations
) -> None:
    order_id = str(uuid.uuid4())
    with all_silent(driver):
        reply = ask_until_deadline(driver, aggregations, gather_quotes(order_id), answers=0)
    assert (reply["outcome"], reply["reason"]) == ("refused", "no-quotes")
    assert reply["data"]["missing"] == list(CARRIERS)
    assert [
        integration_event.data["best"]
        for integration_event in driver.heard("QuotesGathered", order_id)
    ] == [None]
    # What its alarm counts.
    assert eventually(lambda: driver.logged("AnnounceQuotes", '"GatheringsWithoutQuotes":1'))


def test_an_answer_after_the_deadline_changes_nothing(
    driver: ShippingDriver, aggregations: DynamoDbQuoteAggregations
) -> None:
    order_id = str(uuid.uuid4())
    asked = gather_quotes(order_id)
    with driver.misbehaving("tern-post", answers=NEVER):
        reply = ask_until_deadline(driver, aggregations, asked, answers=2)
    driver.put("Answers", offered(asked, quote("tern-post")))
    at_the_deadline = aggregations.load(order_id, asked.event_id)
    assert reply["data"]["missing"] == ["tern-post"]
    late = ("TakeAnswers", order_id, '"reception":"late"')
    eventually(lambda: driver.logged(*late), LONGER_THAN_DEADLINE)
    assert aggregations.load(order_id, asked.event_id) == at_the_deadline
    assert len(driver.heard("CommandReplied", order_id)) == 1


def test_a_carrier_that_answers_twice_is_counted_once(driver: ShippingDriver) -> None:
    order_id = str(uuid.uuid4())
    with driver.misbehaving("tern-post", answers={"S": "twice"}):
        reply = driver.ask(gather_quotes(order_id))
    eventually(lambda: len(driver.logged("TakeAnswers", order_id, '"carrier":"tern-post"')) == 2)
    assert [it["carrier"] for it in reply["data"]["quotes"]] == list(CARRIERS)
    assert len(driver.heard("CommandReplied", order_id)) == 1


def test_garbage_is_parked_with_its_reason_and_the_others_are_enough(
    driver: ShippingDriver, aggregations: DynamoDbQuoteAggregations
) -> None:
    asked = gather_quotes(str(uuid.uuid4()))
    with driver.misbehaving("tern-post", answers={"S": "garbage"}):
        reply = ask_until_deadline(driver, aggregations, asked, answers=2)
    assert reply["data"]["missing"] == ["tern-post"]
    reason = eventually(lambda: driver.parked("Answers").get("<quote>cheap</quote>"))
    assert reason
    assert reason.startswith("not a message: ")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"price": -1}, "Expected `int` >= 1"),
        ({"valid_until": "soon"}, "valid_until is not an RFC 3339 time"),
        ({"currency": "USD"}, "tern-post was asked for a price in EUR"),
        ({"request_id": "00000000-0000-4000-8000-000000000000"}, "there is no request 00000000"),
        ({"carrier": "osprey-air"}, "osprey-air was not asked in request"),
    ],
)
def test_an_answer_that_fits_no_request_is_parked_with_its_reason(
    driver: ShippingDriver, changes: dict[str, Any], reason: str
) -> None:
    asked = gather_quotes(str(uuid.uuid4()))
    driver.ask(asked)
    body = offered(asked, quote("tern-post"), **changes)
    driver.put("Answers", body)
    assert reason in (eventually(lambda: driver.parked("Answers").get(body)) or "")


def test_a_carrier_that_refuses_the_booking_refuses_it_again(driver: ShippingDriver) -> None:
    order_id, chosen = driver.quoted()
    booking = book_shipment(order_id, chosen)
    with driver.misbehaving(chosen["carrier"], refuses_bookings={"BOOL": True}):
        reply = driver.ask(booking)
    assert (reply["outcome"], reply["reason"]) == ("refused", "carrier-refused")
    driver.send(booking)
    eventually(lambda: len(_replies(driver, booking)) == 2)
    assert len({it.event_id for it in _replies(driver, booking)}) == 1
    assert (chosen["carrier"], shipment_id(order_id)) not in driver.carriers_book()


def test_a_quote_that_has_expired_is_not_booked(driver: ShippingDriver) -> None:
    with driver.misbehaving("tern-post", quotes_hold_minutes={"N": "0"}):
        order_id, chosen = driver.quoted()
    reply = driver.ask(book_shipment(order_id, chosen))
    assert (reply["outcome"], reply["reason"]) == ("refused", "quote-expired")
    assert (chosen["carrier"], shipment_id(order_id)) not in driver.carriers_book()


def test_a_carrier_whose_answer_is_lost_has_booked_once(driver: ShippingDriver) -> None:
    order_id, chosen = driver.quoted()
    place = (chosen["carrier"], shipment_id(order_id))
    booking = book_shipment(order_id, chosen)
    with soon_again(driver, "Commands"):
        with driver.misbehaving(chosen["carrier"], loses_answers={"BOOL": True}):
            driver.send(booking)
            eventually(lambda: driver.carriers_book().get(place) == "booked")
            assert driver.heard("ShipmentBooked", order_id) == []
        reply = driver.reply(booking)
    assert reply["outcome"] == "done"
    assert (
        len(
            {
                integration_event.event_id
                for integration_event in driver.heard("ShipmentBooked", order_id)
            }
        )
        == 1
    )


def test_a_booking_whose_outcome_is_unknown_can_be_cancelled(driver: ShippingDriver) -> None:
    order_id, chosen = driver.quoted()
    place = (chosen["carrier"], shipment_id(order_id))
    booking = book_shipment(order_id, chosen)
    with driver.misbehaving(chosen["carrier"], loses_answers={"BOOL": True}):
        driver.send(booking)
        eventually(lambda: driver.carriers_book().get(place) == "booked")
    assert driver.ask(cancel_shipment(order_id))["data"] == {"cancelled": True}
    assert driver.carriers_book()[place] == "cancelled"


def test_a_cancellation_that_comes_first_makes_the_booking_a_no_op(driver: ShippingDriver) -> None:
    order_id, chosen = driver.quoted()
    assert driver.ask(cancel_shipment(order_id))["data"] == {"cancelled": False}
    reply = driver.ask(book_shipment(order_id, chosen))
    assert (reply["outcome"], reply["reason"]) == ("refused", "cancelled-before")
    assert (chosen["carrier"], shipment_id(order_id)) not in driver.carriers_book()
    assert driver.heard("ShipmentBooked", order_id) == []


def test_a_cancellation_that_overtakes_the_booking_undoes_it_with_the_carrier(
    driver: ShippingDriver, shipments: DynamoDbShipments, aggregations: DynamoDbQuoteAggregations
) -> None:
    order_id, chosen = driver.quoted()
    form = msgspec.convert(book_shipment(order_id, chosen).data, BookShipment)
    journey = MessageContext(str(uuid.uuid4()), "00-0-0-01")

    class SlowDesk:
        """Books, while somebody else cancels, and hears of cancellations."""

        def __init__(self) -> None:
            self.cancelled: list[str] = []

        def book(self, carrier: str, shipment: str, quote_id: str, parcel: Any) -> str:
            commands.cancel_shipment(shipments, self, commands.CancelShipment(order_id, journey))
            return "T1"

        def cancel(self, carrier: str, shipment: str) -> None:
            self.cancelled.append(shipment)

    slow = SlowDesk()
    shipment = commands.book_shipment(
        shipments,
        aggregations,
        slow,
        lambda: "2000-01-01T00:00:00.000Z",
        commands.BookShipment(
            order_id, chosen["carrier"], chosen["quote_id"], form.parcel, journey
        ),
    )
    assert shipment.status is Status.CANCELLED
    # Once by the cancellation, and once more after the booking, whose carrier may have forgotten.
    assert slow.cancelled == [shipment.id, shipment.id]


def test_every_message_three_times_and_shuffled_does_everything_once(
    driver: ShippingDriver,
) -> None:
    shuffle = random.Random(4).shuffle
    orders = [str(uuid.uuid4()) for _ in range(5)]
    questions = [gather_quotes(order_id) for order_id in orders]
    thrice = [message for message in questions for _ in range(3)]
    shuffle(thrice)
    with ExitStack() as behaviours:
        for carrier in CARRIERS:
            behaviours.enter_context(driver.misbehaving(carrier, answers={"S": "twice"}))
        driver.send(*thrice)
        replies = [driver.reply(it) for it in questions]
    assert {it["outcome"] for it in replies} == {"done"}, replies
    chosen = {it["order_id"]: it["data"]["best"] for it in replies}
    later = [book_shipment(order_id, chosen[order_id]) for order_id in orders for _ in range(3)]
    later += [cancel_shipment(order_id) for order_id in orders[:2] for _ in range(3)]
    shuffle(later)
    driver.send(*later)
    for message in questions:
        driver.put("Deadlines", close(message))
    for message in later:
        driver.reply(message)
    eventually(lambda: all(len(_replies(driver, it)) >= 3 for it in later), LONGER_THAN_DEADLINE)

    books = driver.carriers_book()
    for order_id in orders:
        place = (chosen[order_id]["carrier"], shipment_id(order_id))
        expected = [None, "cancelled"] if order_id in orders[:2] else ["booked"]
        assert books.get(place) in expected, order_id
        for type in ("QuotesGathered", "ShipmentBooked", "ShipmentCancelled"):
            assert (
                len(
                    {
                        integration_event.event_id
                        for integration_event in driver.heard(type, order_id)
                    }
                )
                <= 1
            )
    for message in questions:
        assert len({it.event_id for it in _replies(driver, message)}) == 1


def _replies(driver: ShippingDriver, to: Envelope) -> list[Envelope]:
    heard = driver.heard("CommandReplied", to.aggregate_id)
    return [it for it in heard if it.causation_id == to.event_id]


def test_a_worker_that_dies_before_asking_is_made_good_by_the_next_delivery(
    driver: ShippingDriver, aggregations: DynamoDbQuoteAggregations
) -> None:
    asked = gather_quotes(str(uuid.uuid4()))
    aggregations.open(begun(asked))
    reply = driver.ask(asked)
    assert len(reply["data"]["quotes"]) == 3


def test_a_worker_that_dies_before_closing_is_made_good_by_the_same_answer(
    driver: ShippingDriver, aggregations: DynamoDbQuoteAggregations
) -> None:
    asked = gather_quotes(str(uuid.uuid4()))
    aggregations.open(begun(asked))
    quotes = [quote(carrier) for carrier in CARRIERS]
    for it in quotes:
        aggregations.record(asked.aggregate_id, asked.event_id, it)
    driver.put("Answers", offered(asked, quotes[-1]))
    assert driver.reply(asked)["data"]["missing"] == []


def test_a_worker_that_dies_after_closing_has_lost_nothing(
    driver: ShippingDriver, aggregations: DynamoDbQuoteAggregations
) -> None:
    asked = gather_quotes(str(uuid.uuid4()))
    aggregations.open(begun(asked))
    aggregations.record(asked.aggregate_id, asked.event_id, quote("tern-post"))
    # Nothing else is done by whoever closes: the table's stream answers.
    assert commands.close_aggregation(
        aggregations, commands.CloseAggregation(asked.aggregate_id, asked.event_id)
    )
    assert driver.reply(asked)["data"]["best"]["carrier"] == "tern-post"
    driver.send(asked)
    eventually(lambda: len(_replies(driver, asked)) == 2)
    assert len({it.event_id for it in _replies(driver, asked)}) == 1


def test_an_aggregation_that_cannot_be_read_is_parked_and_stops_nobody(
    driver: ShippingDriver, aggregations: DynamoDbQuoteAggregations
) -> None:
    broken, sound = (begun(gather_quotes(str(uuid.uuid4()))) for _ in range(2))
    aggregations.open(replace(broken, command="{}"))
    commands.close_aggregation(
        aggregations, commands.CloseAggregation(broken.order_id, broken.request_id)
    )
    aggregations.open(sound)
    commands.close_aggregation(
        aggregations, commands.CloseAggregation(sound.order_id, sound.request_id)
    )
    eventually(lambda: driver.heard("CommandReplied", sound.order_id))
    assert driver.heard("CommandReplied", broken.order_id) == []
    reasons = [why for body, why in driver.parked("Answers").items() if broken.order_id in body]
    assert reasons == ["unreadable item: ValidationError"]


def test_a_worker_that_dies_between_booking_and_answer_has_booked_once(
    driver: ShippingDriver, shipments: DynamoDbShipments
) -> None:
    order_id, chosen = driver.quoted()
    journey = MessageContext(str(uuid.uuid4()), "00-0-0-01")
    shipments.add(
        Shipment(order_id, Status.BOOKING, journey, chosen["carrier"], chosen["quote_id"])
    )
    reply = driver.ask(book_shipment(order_id, chosen))
    assert reply["outcome"] == "done"
    assert driver.carriers_book()[chosen["carrier"], shipment_id(order_id)] == "booked"


def test_last_answer_and_deadline_race_and_exactly_one_of_them_closes(
    driver: ShippingDriver, aggregations: DynamoDbQuoteAggregations
) -> None:
    with ThreadPoolExecutor(3) as workers:
        for _ in range(15):
            asked = gather_quotes(str(uuid.uuid4()))
            aggregation = aggregations.open(begun(asked))
            key = (aggregation.order_id, aggregation.request_id)
            for carrier in CARRIERS[:-1]:
                aggregations.record(*key, quote(carrier))
            cheapest = quote(CARRIERS[-1], price=1)
            racing: list[Future[Any]] = [
                workers.submit(
                    commands.take_answer, aggregations, commands.TakeAnswer(*key, cheapest)
                ),
                workers.submit(
                    commands.close_aggregation, aggregations, commands.CloseAggregation(*key)
                ),
                workers.submit(
                    commands.close_aggregation, aggregations, commands.CloseAggregation(*key)
                ),
            ]
            for it in racing:
                it.result()
            closed = aggregations.load(*key)
            assert closed
            assert closed.is_closed
            # Whichever won, the choice is the best of exactly the quotes that are kept.
            assert closed.best_quote == best(closed.quotes.values())
            reply = driver.reply(asked)
            assert len(reply["data"]["quotes"]) == len(closed.quotes)


def test_unknown_newer_and_malformed_commands_are_refused(driver: ShippingDriver) -> None:
    order_id = str(uuid.uuid4())
    unknown = command("LaunchShipment", order_id, "launch")
    newer = msgspec.structs.replace(gather_quotes(order_id), schema_version=2)
    malformed = command("BookShipment", order_id, "book-shipment", quote_id="x")
    reasons = [driver.ask(message)["reason"] for message in (unknown, newer, malformed)]
    assert reasons == ["unknown-command", "unsupported-version", "invalid-command"]
