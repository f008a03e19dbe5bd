"""OrderConfirmed from the bus: recorded, tried again, or parked; never dropped in silence."""

import json
from collections.abc import Callable
from functools import partial

import pytest

from contracts.product import PRODUCT
from inventory.commands import RecordSale, record_sale
from inventory.domain.errors import Contended
from inventory.domain.reservation import Bucket, Line, Status
from inventory.handlers.record_sales import record_confirmed
from shared.messaging.bus_messages import from_bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import encode
from shared.messaging.queue_consumer import QueueConsumer
from shared.messaging.retries import Retries
from tests.support.examples.inventory import NOON, command, held, new_id
from tests.support.fakes.fake_queue import FakeQueue, delivered
from tests.support.fakes.in_memory_warehouse import InMemoryWarehouse

ATTEMPTS = 3


@pytest.fixture
def parked() -> FakeQueue:
    return FakeQueue()


def deliver(
    parked: FakeQueue, body: str, record: Callable[[str], object], failures: int = 0
) -> list[str]:
    """The bodies of what comes again."""
    queue = FakeQueue()
    consumer = QueueConsumer(
        partial(record_confirmed, record),
        DeadLetters(parked, "url"),
        Retries(queue, "url", ATTEMPTS),
        from_bus({kind: [f"{PRODUCT}.orders"] for kind in ("OrderConfirmed", "OrderShipped")}),
    )
    answer = consumer.handle({"Records": [delivered(body, failures=failures)]})
    assert answer == {"batchItemFailures": []}
    return [it["MessageBody"] for it in queue.sent]


def confirmed(order: str, kind: str = "OrderConfirmed", source: str = f"{PRODUCT}.orders") -> str:
    return json.dumps({"source": source, "detail": json.loads(encode(command(kind, order)))})


def test_a_confirmed_order_is_sold(parked: FakeQueue) -> None:
    warehouse, order = InMemoryWarehouse(), new_id()
    warehouse.receive("d-1", "CUP", 5, NOON)
    warehouse.move(None, held(order, Line("CUP", 1)), Bucket.AVAILABLE, Bucket.RESERVED)
    assert (
        deliver(parked, confirmed(order), lambda it: record_sale(warehouse, RecordSale(it))) == []
    )
    assert warehouse.reservations[order].status is Status.SOLD


def test_an_order_that_nothing_was_held_for_is_reported(
    parked: FakeQueue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        deliver(
            parked, confirmed(new_id()), lambda it: record_sale(InMemoryWarehouse(), RecordSale(it))
        )
        == []
    )
    assert "SalesWithoutReservation" in capsys.readouterr().out
    assert parked.sent == []


def test_a_sale_that_fails_comes_again_and_is_parked_in_the_end(parked: FakeQueue) -> None:
    def fails(order: str) -> None:
        raise Contended(order)

    body = confirmed(new_id())
    for failures in range(ATTEMPTS - 1):
        assert deliver(parked, body, fails, failures) == [body]
    assert parked.sent == []
    assert deliver(parked, body, fails, ATTEMPTS - 1) == []
    assert parked.sent[0]["MessageBody"] == body
    assert "Contended" in parked.sent[0]["MessageAttributes"]["reason"]["StringValue"]


def test_what_is_no_event_is_parked_at_once(parked: FakeQueue) -> None:
    assert deliver(parked, "{", pytest.fail) == []
    assert "not a message" in parked.sent[0]["MessageAttributes"]["reason"]["StringValue"]


def test_a_sale_that_somebody_else_tells_of_is_none(parked: FakeQueue) -> None:
    body = confirmed(new_id(), source=f"{PRODUCT}.shipping")
    assert deliver(parked, body, pytest.fail) == []
    reason = parked.sent[0]["MessageAttributes"]["reason"]["StringValue"]
    assert reason == f"'{PRODUCT}.shipping' is not who says 'OrderConfirmed' here"


def test_an_event_that_is_no_sale_is_parked_at_once(parked: FakeQueue) -> None:
    assert deliver(parked, confirmed(new_id(), "OrderShipped"), pytest.fail) == []
    assert "OrderShipped" in parked.sent[0]["MessageAttributes"]["reason"]["StringValue"]
