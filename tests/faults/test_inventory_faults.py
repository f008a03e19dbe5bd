"""Workers that race, die and hear everything thrice: no piece is lost, doubled or below zero."""

from __future__ import annotations

import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from inventory.commands import (
    RecordSale,
    ReleaseStock,
    ReserveStock,
    record_sale,
    release_expired,
    release_stock,
    reserve_stock,
)
from inventory.domain.errors import AlreadySold, Contended
from inventory.domain.reservation import Line, MessageContext, Reservation, Status
from inventory.handlers.queued_commands import commands_on
from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import encode
from shared.messaging.queue_worker import QueueWorker
from shared.messaging.retries import Retries
from shared.runtime import clock
from tests.support.drivers.command_driver import CommandDriver, command, verdict
from tests.support.drivers.inventory_driver import DeployedWarehouse
from tests.support.drivers.offline import Deployment
from tests.support.fakes.fake_bus import FakeEventBridge
from tests.support.fakes.fake_queue import FakeQueue

CONTEXT = MessageContext(str(uuid.uuid4()), f"00-{'a' * 32}-{'b' * 16}-01", str(uuid.uuid4()))
LATER = "2999-01-01T00:00:00.000Z"
LONG_AGO = "2020-01-01T00:00:00.000Z"


class Killed(BaseException):
    """The worker is gone, in the middle of what it did."""


class DeadlyBus(FakeEventBridge):
    """Whoever wants to answer dies."""

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        raise Killed


@pytest.fixture(scope="module")
def warehouse(deployment: Deployment) -> DeployedWarehouse:
    return DeployedWarehouse(deployment)


@pytest.fixture(scope="module")
def driver(deployment: Deployment) -> CommandDriver:
    return CommandDriver(deployment, "inventory")


def new_orders(count: int) -> list[str]:
    return [str(uuid.uuid4()) for _ in range(count)]


def assert_whole(warehouse: DeployedWarehouse, sku: str) -> dict[str, int]:
    """Every piece is somewhere, and nowhere less than none; the SKU's numbers."""
    levels = warehouse.levels(sku)
    assert min(levels.values()) >= 0
    assert levels["available"] + levels["reserved"] + levels["sold"] == levels["received"]
    return levels


def test_of_two_workers_on_the_last_item_exactly_one_gets_it(
    warehouse: DeployedWarehouse,
) -> None:
    for _ in range(5):
        sku = warehouse.stocked_with(1)

        def reserve(order: str, sku: str = sku) -> Reservation:
            return reserve_stock(warehouse, ReserveStock(order, [Line(sku, 1)], LATER, CONTEXT))

        with ThreadPoolExecutor(2) as workers:
            statuses = [it.status for it in workers.map(reserve, new_orders(2))]
        assert sorted(statuses) == [Status.HELD, Status.REFUSED]
        assert assert_whole(warehouse, sku)["available"] == 0


def test_through_the_queue_the_last_item_goes_to_one_order(
    warehouse: DeployedWarehouse, driver: CommandDriver
) -> None:
    sku = warehouse.stocked_with(1)
    wishes = [
        command("ReserveStock", order, lines=[{"sku": sku, "quantity": 1}])
        for order in new_orders(6)
    ]
    for wish in wishes:
        driver.send(wish)
    verdicts = [verdict(driver.await_replies(wish)[0]) for wish in wishes]
    assert verdicts.count(("done", None)) == 1
    assert verdicts.count(("refused", "out-of-stock")) == 5
    assert assert_whole(warehouse, sku)["reserved"] == 1


def test_stock_is_never_negative_however_many_want_it(warehouse: DeployedWarehouse) -> None:
    cup, pot = warehouse.stocked_with(7), warehouse.stocked_with(5)
    chance = random.Random(7)
    orders = new_orders(24)
    lines = {
        order: [Line(sku, chance.randint(1, 3)) for sku in chance.sample([cup, pot], 2)]
        for order in orders
    }

    def come_and_go(order: str) -> Status:
        held = reserve_stock(warehouse, ReserveStock(order, lines[order], LATER, CONTEXT))
        assert warehouse.levels(cup)["available"] >= 0
        if held.status is Status.HELD and chance.random() < 0.5:
            return release_stock(warehouse, ReleaseStock(order, clock.now(), CONTEXT)).status
        return held.status

    with ThreadPoolExecutor(8) as workers:
        statuses = dict(zip(orders, workers.map(come_and_go, orders), strict=True))
    for sku in (cup, pot):
        held = sum(
            line.quantity
            for order, status in statuses.items()
            if status is Status.HELD
            for line in lines[order]
            if line.sku == sku
        )
        assert assert_whole(warehouse, sku)["reserved"] == held
    assert {Status.HELD, Status.REFUSED, Status.RELEASED} <= set(statuses.values())


def test_every_message_three_times_and_shuffled_moves_every_piece_once(
    warehouse: DeployedWarehouse, driver: CommandDriver
) -> None:
    sku = warehouse.stocked_with(20)
    kept, undone = new_orders(3), new_orders(3)
    lines = [{"sku": sku, "quantity": 2}]
    messages = [command("ReserveStock", order, lines=lines) for order in kept + undone]
    messages += [command("ReleaseStock", order) for order in undone]
    thrice = messages * 3
    random.Random(3).shuffle(thrice)
    for message in thrice:
        driver.send(message)
    for message in messages:
        replies = driver.await_replies(message, 3)
        if message.data["order_id"] in kept:
            assert {verdict(it) for it in replies} == {("done", None)}
    assert assert_whole(warehouse, sku) == {
        "available": 14,
        "reserved": 6,
        "sold": 0,
        "received": 20,
    }


def test_an_undo_before_its_do_leaves_the_stock_alone(
    warehouse: DeployedWarehouse, driver: CommandDriver
) -> None:
    sku, (order,) = warehouse.stocked_with(3), new_orders(1)
    assert driver.ask("ReleaseStock", order)["data"] == {"released": False}
    reply = driver.ask("ReserveStock", order, lines=[{"sku": sku, "quantity": 2}])
    assert verdict(reply) == ("refused", "released-before")
    assert assert_whole(warehouse, sku)["available"] == 3


@pytest.mark.parametrize("kind", ["ReserveStock", "ReleaseStock"])
def test_a_worker_killed_before_it_could_answer_did_it_once(
    warehouse: DeployedWarehouse, driver: CommandDriver, kind: str
) -> None:
    sku, (order,) = warehouse.stocked_with(3), new_orders(1)
    reserve = command("ReserveStock", order, lines=[{"sku": sku, "quantity": 2}])
    if kind == "ReleaseStock":
        driver.send(reserve)
        driver.await_replies(reserve)
    message = reserve if kind == "ReserveStock" else command(kind, order)
    worker = QueueWorker(
        commands_on(warehouse, clock.now, hold_seconds=3600),
        Bus(DeadlyBus(), "bus", "inventory"),
        DeadLetters(FakeQueue(), "dead-letters"),
        Retries(FakeQueue(), "url", 5),
    )
    record = {
        "messageId": "m-1",
        "body": encode(message).decode(),
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    with pytest.raises(Killed):
        worker.handle({"Records": [record]})
    did = assert_whole(warehouse, sku)
    assert did["reserved"] == (2 if kind == "ReserveStock" else 0)
    driver.send(message)
    assert verdict(driver.await_replies(message)[0]) == ("done", None)
    assert assert_whole(warehouse, sku) == did


def test_a_sale_a_release_and_an_expiry_at_once_end_in_exactly_one_of_them(
    warehouse: DeployedWarehouse,
) -> None:
    sku = warehouse.stocked_with(12)
    orders = new_orders(6)
    for order in orders:
        reserve_stock(warehouse, ReserveStock(order, [Line(sku, 2)], LONG_AGO, CONTEXT))

    def sell(order: str) -> None:
        record_sale(warehouse, RecordSale(order))

    def release(order: str) -> None:
        try:
            release_stock(warehouse, ReleaseStock(order, clock.now(), CONTEXT))
        except AlreadySold:
            return

    def expire(_: str) -> None:
        release_expired(warehouse, clock.now(), lambda _: None)

    with ThreadPoolExecutor(6) as workers:
        for order in orders:
            races = [workers.submit(act, order) for act in (sell, release, expire)]
            for race in races:
                assert race.exception(30) is None or isinstance(race.exception(), Contended)
    # A confirmed order is sold in the end, whatever was faster: its piece was taken again.
    for order in orders:
        assert record_sale(warehouse, RecordSale(order)).status is Status.SOLD
    assert assert_whole(warehouse, sku) == {
        "available": 0,
        "reserved": 0,
        "sold": 12,
        "received": 12,
    }


def test_what_is_no_command_waits_with_its_reason(
    deployment: Deployment, driver: CommandDriver
) -> None:
    sqs = deployment.cloud.client("sqs")
    letters = deployment.named("inventory", "queues", "Commands/DeadLetters")
    sqs.send_message(QueueUrl=driver.queue_url, MessageBody="{")
    answer = sqs.receive_message(
        QueueUrl=letters, MessageAttributeNames=["All"], WaitTimeSeconds=10, VisibilityTimeout=0
    )
    (parked,) = answer["Messages"]
    assert parked["Body"] == "{"
    assert "not a command" in parked["MessageAttributes"]["reason"]["StringValue"]
    sqs.delete_message(QueueUrl=letters, ReceiptHandle=parked["ReceiptHandle"])


def test_commands_that_inventory_does_not_know_are_refused(driver: CommandDriver) -> None:
    (order,) = new_orders(1)
    assert verdict(driver.ask("PaintStock", order)) == ("refused", "unknown-command")
