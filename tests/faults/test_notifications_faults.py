"""Events that come thrice or broken, workers that die, customers that do not answer."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.drivers.notification_driver import NotificationDriver, event, order_placed
from tests.support.drivers.offline import Deployment, eventually

PATIENCE = 30.0


@pytest.fixture(scope="module")
def notifications_driver(deployment: Deployment) -> NotificationDriver:
    return NotificationDriver(deployment)


@contextmanager
def customers_do_not_answer(notifications_driver: NotificationDriver) -> Iterator[None]:
    """Point notifications at a function that is not there."""
    functions = notifications_driver.deployment.cloud.client("lambda")
    name = notifications_driver.deployment.named("notifications", "functions", "Notify")
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    gone = before | {"READ_CONTACT_ARN": before["READ_CONTACT_ARN"] + "-gone"}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": gone})
    try:
        yield
    finally:
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": before}
        )


def test_events_that_come_thrice_and_shuffled_are_told_once(
    notifications_driver: NotificationDriver,
) -> None:
    ada = notifications_driver.customer()
    orders = [str(uuid.uuid4()) for _ in range(4)]
    events = [order_placed(order_id, ada.id) for order_id in orders]
    events += [event("OrderConfirmed", order_id, customer_id=ada.id) for order_id in orders]
    thrice = [it for it in events for _ in range(3)]
    random.Random(4).shuffle(thrice)
    notifications_driver.announce("orders", *thrice)
    told = ["order-confirmed"] * 4 + ["order-received"] * 4
    eventually(lambda: notifications_driver.templates(ada.id) == told, PATIENCE)
    for order_id in orders:

        def every_copy_is_taken(order_id: str = order_id) -> bool:
            return len(notifications_driver.logged(order_id, "customer notified")) >= 6

        eventually(every_copy_is_taken, PATIENCE)
        sent = notifications_driver.logged(order_id, "customer notified", '"how":"sent"')
        assert len(sent) == 2, sent


def test_customers_that_do_not_answer_delay_a_message_and_lose_none(
    notifications_driver: NotificationDriver,
) -> None:
    ada = notifications_driver.customer()
    placed = order_placed(str(uuid.uuid4()), ada.id)
    with customers_do_not_answer(notifications_driver):
        notifications_driver.announce("orders", placed)
        eventually(
            lambda: notifications_driver.logged("message not consumed", placed.correlation_id),
            PATIENCE,
        )
        assert notifications_driver.outbox(ada.id) == []
    _let_claims_lapse(notifications_driver, placed.event_id)
    eventually(lambda: notifications_driver.templates(ada.id) == ["order-received"], PATIENCE)


def _let_claims_lapse(notifications_driver: NotificationDriver, event_id: str) -> None:
    """As if the claim's time were over, which takes as long as a worker may live."""
    notifications_driver.deployment.cloud.client("dynamodb").update_item(
        TableName=notifications_driver.deployment.named("notifications", "tables", "Ledger"),
        Key={"event_id": {"S": event_id}},
        UpdateExpression="SET claimed_until = :past",
        ConditionExpression="#status = :sending",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":past": {"N": "0"}, ":sending": {"S": "sending"}},
    )


def _claim(
    notifications_driver: NotificationDriver, event_id: str, customer_id: str, until: int
) -> None:
    notifications_driver.deployment.cloud.client("dynamodb").put_item(
        TableName=notifications_driver.deployment.named("notifications", "tables", "Ledger"),
        Item={
            "event_id": {"S": event_id},
            "customer_id": {"S": customer_id},
            "template": {"S": "order-received"},
            "status": {"S": "sending"},
            "claimed_until": {"N": str(until)},
        },
    )


def test_a_worker_that_dies_before_it_has_settled_leaves_one_message_in_the_outbox(
    notifications_driver: NotificationDriver,
) -> None:
    ada = notifications_driver.customer()
    placed = order_placed(str(uuid.uuid4()), ada.id)
    notifications_driver.announce("orders", placed)
    eventually(lambda: notifications_driver.settled(placed.event_id) == "sent", PATIENCE)
    _claim(
        notifications_driver, placed.event_id, ada.id, until=0
    )  # sent, and died before saying so
    notifications_driver.announce("orders", placed)
    eventually(lambda: notifications_driver.settled(placed.event_id) == "sent", PATIENCE)
    assert notifications_driver.templates(ada.id) == ["order-received"]


def test_while_one_worker_sends_no_other_does(notifications_driver: NotificationDriver) -> None:
    ada = notifications_driver.customer()
    placed = order_placed(str(uuid.uuid4()), ada.id)
    _claim(notifications_driver, placed.event_id, ada.id, until=int(time.time()) + 3600)
    notifications_driver.announce("orders", placed)
    eventually(lambda: notifications_driver.logged("BeingSent", placed.correlation_id), PATIENCE)
    assert notifications_driver.outbox(ada.id) == []
    _let_claims_lapse(notifications_driver, placed.event_id)
    eventually(lambda: notifications_driver.templates(ada.id) == ["order-received"], PATIENCE)


@pytest.mark.parametrize(
    ("source", "type", "data", "reason"),
    [
        ("orders", "OrderPlaced", {"customer_id": "c-1"}, "OrderPlaced without total"),
        ("orders", "OrderRejected", {"customer_id": "c-1"}, "OrderRejected without reason"),
        ("payments", "PaymentRefunded", {}, "there is no order"),
    ],
)
def test_an_event_that_breaks_its_promise_is_parked_with_its_reason(
    notifications_driver: NotificationDriver,
    source: str,
    type: str,
    data: dict[str, Any],
    reason: str,
) -> None:
    broken = event(type, str(uuid.uuid4()), **data)
    notifications_driver.announce(source, broken)

    def parked() -> str | None:
        found = [
            why for kept, why in notifications_driver.parked().items() if broken.event_id in kept
        ]
        return found[0] if found else None

    why = eventually(parked, PATIENCE)
    assert why
    assert reason in why
