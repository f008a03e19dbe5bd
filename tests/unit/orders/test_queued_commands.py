"""ConfirmOrder and RejectOrder from the queue: done or refused, and always answered."""

import uuid
from typing import Any

import pytest

from orders.domain.events import OrderConfirmed, OrderRejected
from orders.handlers.queued_commands import commands_on
from orders.ports import EventStore
from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, encode
from shared.messaging.queue_worker import QueueWorker
from shared.messaging.retries import Retries
from shared.runtime.patterns import is_uuid
from tests.support.examples.orders import (
    PLACED,
    OrderStore,
    cancel,
    place,
    recorded,
)
from tests.support.examples.recorded import TEN
from tests.support.fakes.fake_bus import FakeEventBridge
from tests.support.fakes.fake_queue import FakeQueue, delivered

ATTEMPTS = 5
SOME_ID = "00000000-0000-4000-8000-000000000000"


class Worker:
    """The function on orders' queue, with bus and dead letters in memory."""

    def __init__(self, store: EventStore) -> None:
        self.bus, self.dead_letters = FakeEventBridge(), FakeQueue()
        self.queue = FakeQueue()
        self._worker = QueueWorker(
            commands_on(store, lambda: TEN),
            Bus(self.bus, "bus", "orders"),
            DeadLetters(self.dead_letters, "dead-letters"),
            Retries(self.queue, "url", ATTEMPTS),
        )

    def receive(self, command: Envelope, failures: int = 0) -> bool:
        """Hand one message over; whether it is settled, and does not come again."""
        before = len(self.queue.sent)
        record = delivered(encode(command).decode(), failures=failures)
        assert self._worker.handle({"Records": [record]}) == {"batchItemFailures": []}
        return len(self.queue.sent) == before

    @property
    def replies(self) -> list[tuple[str, str | None]]:
        """Outcome and reason of everything that was answered."""
        return [(it.data["outcome"], it.data["reason"]) for it in self.bus.messages]


@pytest.fixture
def store() -> OrderStore:
    return OrderStore()


@pytest.fixture
def worker(store: OrderStore) -> Worker:
    return Worker(store)


def message(kind: str, order_id: Any, event_id: str | None = None, **data: Any) -> Envelope:
    return Envelope(
        event_id=event_id or str(uuid.uuid4()),
        type=kind,
        schema_version=1,
        aggregate_type="order",
        aggregate_id=order_id if is_uuid(str(order_id)) else SOME_ID,
        version=None,
        occurred_at=TEN,
        correlation_id="c-1",
        causation_id="what caused it",
        traceparent="00-1",
        data={"order_id": order_id, **data},
    )


def test_a_placed_order_is_confirmed(store: OrderStore, worker: Worker) -> None:
    order_id = place(store).aggregate_id
    assert worker.receive(message("ConfirmOrder", order_id))
    assert isinstance(store.history(order_id)[-1].event, OrderConfirmed)
    (reply,) = worker.bus.messages
    assert reply.data["data"] == {"version": 2, "status": "confirmed"}


def test_a_rejection_keeps_its_reason(store: OrderStore, worker: Worker) -> None:
    order_id = place(store).aggregate_id
    assert worker.receive(message("RejectOrder", order_id, reason="out-of-stock"))
    assert store.history(order_id)[-1].event == OrderRejected("out-of-stock")
    assert worker.replies == [("done", None)]


def test_an_event_names_the_command_that_caused_it(store: OrderStore, worker: Worker) -> None:
    placed = place(store)
    command = message("ConfirmOrder", placed.aggregate_id)
    worker.receive(command)
    confirmed = store.history(placed.aggregate_id)[-1].command
    assert confirmed.causation_id == command.event_id
    assert confirmed.correlation_id == placed.command.correlation_id


def test_a_command_that_comes_thrice_is_done_once_and_answered_alike(
    store: OrderStore, worker: Worker
) -> None:
    command = message("ConfirmOrder", place(store).aggregate_id)
    for _ in range(3):
        assert worker.receive(command)
    assert store.count == 2
    first, *repeated = worker.bus.messages
    for reply in repeated:
        assert (reply.event_id, reply.data) == (first.event_id, first.data)


def test_a_confirmation_that_finds_a_cancelled_order_is_refused(
    store: OrderStore, worker: Worker
) -> None:
    order_id = place(store).aggregate_id
    cancel(store, order_id)
    assert worker.receive(message("ConfirmOrder", order_id))
    assert worker.replies == [("refused", "order-cancelled")]
    assert store.count == 2


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("ConfirmOrder", {"order_id": SOME_ID}, "order-not-found"),
        ("ConfirmOrder", {"order_id": "o-1"}, "invalid-command"),
        ("ConfirmOrder", {"order_id": f"{SOME_ID}\n"}, "invalid-command"),
        ("ConfirmOrder", {"order_id": None}, "invalid-command"),
        ("RejectOrder", {"order_id": SOME_ID}, "invalid-command"),
        ("RejectOrder", {"order_id": SOME_ID, "reason": "Jane said so"}, "invalid-command"),
        ("RejectOrder", {"order_id": SOME_ID, "reason": "x\n"}, "invalid-command"),
        ("CancelOrder", {"order_id": SOME_ID}, "unknown-command"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused_with_the_reason(
    kind: str, data: dict[str, Any], reason: str, store: OrderStore, worker: Worker
) -> None:
    assert worker.receive(message(kind, **data))
    assert worker.replies == [("refused", reason)]
    assert store.count == 0


def test_an_order_that_others_keep_changing_makes_the_command_come_again(
    store: OrderStore, worker: Worker
) -> None:
    order_id = place(store).aggregate_id

    def somebody_appends() -> None:
        version = len(store.history(order_id)) + 1
        store.append(recorded(PLACED, version, order_id=order_id))

    store.rivals = [somebody_appends, somebody_appends]
    command = message("ConfirmOrder", order_id)
    assert not worker.receive(command)
    assert worker.replies == []
    assert worker.receive(command, failures=1)
    assert worker.replies == [("done", None)]
