"""ReserveStock and ReleaseStock from the queue: done or refused, always answered, never twice."""

from typing import Any

import pytest

from inventory.commands import (
    RecordSale,
    record_sale,
)
from inventory.handlers.queued_commands import commands_on
from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, encode
from shared.messaging.queue_worker import QueueWorker
from shared.messaging.retries import Retries
from tests.support.examples.inventory import NOON, command, new_id
from tests.support.fakes.fake_bus import FakeEventBridge
from tests.support.fakes.fake_queue import FakeQueue
from tests.support.fakes.in_memory_warehouse import InMemoryWarehouse

CUPS = [{"sku": "CUP", "quantity": 2}]


class Worker:
    """The function on inventory's queue, with five cups, bus and dead letters in memory."""

    def __init__(self) -> None:
        self.warehouse, self.bus = InMemoryWarehouse(), FakeEventBridge()
        self.warehouse.receive("d-1", "CUP", 5, NOON)
        self._worker = QueueWorker(
            commands_on(self.warehouse, lambda: NOON, hold_seconds=3600),
            Bus(self.bus, "bus", "inventory"),
            DeadLetters(FakeQueue(), "dead-letters"),
            Retries(FakeQueue(), "url", 5),
        )

    def says(self, kind: str, order: str, **data: Any) -> list[Envelope]:
        """What is put on the bus because of one command."""
        before = len(self.bus.messages)
        record = {
            "messageId": "m-1",
            "body": encode(command(kind, order, **data)).decode(),
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        assert self._worker.handle({"Records": [record]}) == {"batchItemFailures": []}
        return self.bus.messages[before:]


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def order() -> str:
    return new_id()


def reply(messages: list[Envelope]) -> tuple[str, str | None, dict[str, Any]]:
    assert messages[-1].type == "CommandReplied"
    data = messages[-1].data
    return data["outcome"], data["reason"], data["data"]


def test_stock_is_reserved_until_its_deadline(worker: Worker, order: str) -> None:
    messages = worker.says("ReserveStock", order, lines=CUPS)
    assert [it.type for it in messages] == ["StockReserved", "CommandReplied"]
    assert messages[0].data == {"order_id": order, "lines": CUPS}
    assert reply(messages) == ("done", None, {"lines": CUPS})
    assert worker.warehouse.reservations[order].expires_at == "2026-12-01T13:00:00.000Z"


def test_a_repetition_says_the_same_with_the_same_ids(worker: Worker, order: str) -> None:
    first = worker.says("ReserveStock", order, lines=CUPS)
    again = worker.says("ReserveStock", order, lines=CUPS)
    assert [(it.event_id, it.data) for it in first] == [(it.event_id, it.data) for it in again]


def test_too_little_stock_is_a_refusal_that_names_the_sku(worker: Worker, order: str) -> None:
    messages = worker.says("ReserveStock", order, lines=[{"sku": "CUP", "quantity": 6}])
    assert reply(messages) == ("refused", "out-of-stock", {"sku": "CUP"})
    assert messages[0].type == "StockRefused"
    assert messages[0].data == {"order_id": order, "reason": "out-of-stock", "sku": "CUP"}


def test_an_unknown_sku_is_refused(worker: Worker, order: str) -> None:
    messages = worker.says("ReserveStock", order, lines=[{"sku": "BOAT", "quantity": 1}])
    assert reply(messages) == ("refused", "unknown-sku", {"sku": "BOAT"})


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [{"sku": "CUP", "quantity": 0}],
        [{"sku": "CUP", "quantity": -1}],
        [{"sku": "CUP", "quantity": "2"}],
        [{"sku": "", "quantity": 1}],
        [{"sku": "CUP"}],
        "CUP",
        [{"sku": "CUP", "quantity": 1}] * 100,
    ],
)
def test_lines_that_make_no_sense_are_refused_and_hold_nothing(
    worker: Worker, order: str, lines: Any
) -> None:
    assert reply(worker.says("ReserveStock", order, lines=lines))[:2] == (
        "refused",
        "invalid-command",
    )
    assert order not in worker.warehouse.reservations


def test_released_stock_is_said_to_be_released(worker: Worker, order: str) -> None:
    worker.says("ReserveStock", order, lines=CUPS)
    messages = worker.says("ReleaseStock", order)
    assert [it.type for it in messages] == ["StockReleased", "CommandReplied"]
    assert messages[0].data == {"order_id": order, "cause": "undone", "lines": CUPS}
    assert reply(messages) == ("done", None, {"released": True})


def test_a_reserve_after_its_release_is_refused(worker: Worker, order: str) -> None:
    assert reply(worker.says("ReleaseStock", order)) == ("done", None, {"released": False})
    messages = worker.says("ReserveStock", order, lines=CUPS)
    assert reply(messages) == ("refused", "released-before", {})
    assert len(messages) == 1
    assert worker.warehouse.levels["CUP"]["available"] == 5


def test_sold_stock_is_not_released(worker: Worker, order: str) -> None:
    worker.says("ReserveStock", order, lines=CUPS)
    record_sale(worker.warehouse, RecordSale(order))
    assert reply(worker.says("ReleaseStock", order)) == ("refused", "already-sold", {})
