"""What operators do about parked and crashing records, and how they look into the past."""

from __future__ import annotations

import json
import uuid
from functools import partial
from typing import Any

import pytest

from contracts.product import PRODUCT
from shared.messaging.envelope import encode
from tests.support.drivers.forged_events import put, put_forged
from tests.support.drivers.notification_driver import NotificationDriver, order_placed
from tests.support.drivers.offline import Deployment, call, eventually, stopped
from tools.operations.__main__ import main

SHIP_TO = {
    "address_id": "0d9a5a10-6f0a-4e57-9f1d-4f3a54d9c001",
    "country": "DE",
    "postcode_area": "10",
}


class Operator:
    """Runs commands against the deployment; ``said`` is what the last one printed."""

    def __init__(self, deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
        self._workspace = str(deployment.emulator.workspace.root)
        self._capsys = capsys
        self.said = ""

    def runs(self, *command: str) -> int:
        self._capsys.readouterr()
        status = main(["--workspace", self._workspace, *command])
        captured = self._capsys.readouterr()
        self.said = captured.out + captured.err
        return status


@pytest.fixture
def operator(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(deployment, capsys)


@pytest.fixture
def order_id(deployment: Deployment) -> str:
    """A new order; its saga goes on by itself."""
    answer = call(
        "POST",
        deployment.url("orders", "/v1/orders"),
        token=deployment.token(),
        headers={"Idempotency-Key": str(uuid.uuid4())},
        body={
            "lines": [{"sku": "TEA-SENCHA", "quantity": 1}],
            "currency": "EUR",
            "ship_to": SHIP_TO,
        },
    )
    assert answer.status == 202, answer.body
    placed: str = answer.json["order_id"]
    return placed


@pytest.fixture
def forged(deployment: Deployment) -> dict[str, Any]:
    return put_forged(deployment)


def parked(deployment: Deployment, service: str, sequence: str) -> list[dict[str, Any]]:
    table = deployment.named(service, "tables", "Parked")
    items = deployment.cloud.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    # How far a consumer has read stands beside what it has parked, and may be the same record.
    records = [item for item in items if not item["consumer"]["S"].endswith("#positions")]
    return [item for item in records if item["sequence"]["S"] == sequence]


def test_a_parked_record_is_shown_with_its_reason_before_anything_is_changed(
    deployment: Deployment, operator: Operator, forged: dict[str, Any]
) -> None:
    eventually(lambda: parked(deployment, "order-views", forged["sequence"]))
    assert operator.runs("redrive", "--consumer", "order-view") == 0
    assert forged["aggregate_id"] in operator.said
    assert "OrderPlaced cannot be applied" in " ".join(operator.said.split())
    assert "nothing was changed" in operator.said
    assert parked(deployment, "order-views", forged["sequence"])


def test_a_redriven_record_is_off_the_list(
    deployment: Deployment, operator: Operator, forged: dict[str, Any]
) -> None:
    eventually(lambda: parked(deployment, "order-views", forged["sequence"]))
    # Orders itself knows no such order: folded again from its history, nothing is left to apply.
    operator.runs("redrive", "--consumer", "order-view", "--confirm")
    assert "redriven" in operator.said
    assert parked(deployment, "order-views", forged["sequence"]) == []


def test_a_record_is_set_aside_by_its_place_in_the_log(
    deployment: Deployment, operator: Operator
) -> None:
    # Sales stands still meanwhile: else it might set the record aside itself, and sooner.
    with stopped(deployment, "sales", "ProjectSales"):
        place = put(deployment, b"crashes whoever reads it")
        command = ("park", "--consumer", "sales", "--shard", place["shard"], "--sequence")
        assert operator.runs(*command, place["sequence"], "--reason", "crashes sales") == 0
        (found,) = parked(deployment, "sales", place["sequence"])
        assert found["body"]["B"] == b"crashes whoever reads it"
        assert found["reason"]["S"] == "crashes sales"


def test_a_record_that_the_log_does_not_have_cannot_be_set_aside(
    deployment: Deployment, operator: Operator
) -> None:
    place = put(deployment, b"{}")
    missing = str(int(place["sequence"]) + 10**40)
    command = ("park", "--consumer", "sales", "--shard", place["shard"], "--sequence", missing)
    assert operator.runs(*command) == 1
    assert "has no record" in operator.said


def test_a_record_that_nobody_can_read_is_discarded_and_one_of_an_order_that_waits_is_not(
    deployment: Deployment, operator: Operator, forged: dict[str, Any]
) -> None:
    unreadable = put(deployment, b"\xff of a writer who was none of ours")
    command = ("discard", "--consumer", "order-view", "--shard")

    def found(place: dict[str, Any]) -> bool:
        return bool(parked(deployment, "order-views", place["sequence"]))

    def discard(place: dict[str, Any], *more: str) -> int:
        return operator.runs(*command, place["shard"], "--sequence", place["sequence"], *more)

    eventually(lambda: found(forged) and found(unreadable))
    assert discard(unreadable) == 0
    assert "nothing was changed" in operator.said
    assert found(unreadable)
    assert discard(unreadable, "--confirm") == 0
    assert not found(unreadable)
    assert discard(unreadable, "--confirm") == 1
    assert "has not parked" in operator.said
    assert discard(forged, "--confirm") == 2
    assert f"refused: {forged['aggregate_id']} is stalled at version 1" in operator.said
    assert found(forged)


def test_an_orders_history_and_views_are_shown_as_they_were(
    deployment: Deployment, operator: Operator, order_id: str
) -> None:
    def ended() -> bool:
        assert operator.runs("history", "--order", order_id) == 0
        return "OrderConfirmed" in operator.said

    eventually(ended)
    assert "OrderPlaced v2" in operator.said
    assert operator.runs("history", "--order", order_id, "--version", "1") == 0
    assert "OrderPlaced" in operator.said
    assert "OrderConfirmed" not in operator.said

    view = ("view", "--order", order_id)
    assert operator.runs(*view) == 0
    assert '"status": "confirmed"' in operator.said
    assert operator.runs(*view, "--version", "1") == 0
    assert '"status": "placed"' in operator.said
    assert operator.runs(*view, "--view", "sales", "--version", "1") == 0
    assert "amount" not in operator.said
    assert operator.runs(*view, "--view", "sales") == 0
    assert "amount" in operator.said


def test_before_it_was_placed_there_is_no_order(operator: Operator, order_id: str) -> None:
    command = ("view", "--order", order_id, "--at", "2020-01-01T00:00:00Z")
    assert operator.runs(*command) == 1
    assert f"there is no order {order_id} at 2020-01-01" in operator.said
    assert operator.runs("history", "--order", str(uuid.uuid4())) == 1


def test_dead_letters_of_both_kinds_are_sent_to_their_queue_again(
    deployment: Deployment, operator: Operator
) -> None:
    sqs = deployment.cloud.client("sqs")
    url = deployment.named("notifications", "queues", "Events/DeadLetters")
    rules = deployment.cloud.client("events")
    bus = deployment.named("event-log", "buses", "Bus")
    (rule,) = (
        it
        for it in rules.list_rules(EventBusName=bus)["Rules"]
        if "OrderPlaced" in it.get("Description", "") and "notifications" in it["Description"]
    )
    orders = [str(uuid.uuid4()), str(uuid.uuid4())]
    placed = [order_placed(order_id, f"customer-{uuid.uuid4()}") for order_id in orders]
    events = [
        {
            "version": "0",
            "id": str(uuid.uuid4()),
            "source": f"{PRODUCT}.orders",
            "detail-type": it.type,
            "detail": json.loads(encode(it)),
        }
        for it in placed
    ]
    is_given_whole_events = not any(
        it.get("InputPath")
        for it in rules.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
    )
    as_received = events[0] if is_given_whole_events else events[0]["detail"]
    for body, attributes in (
        (as_received, {"reason": "failed 10 times", "parked_by": "queue-consumer"}),
        (events[1], {"RULE_ARN": rule["Arn"], "ERROR_CODE": "NO_PERMISSIONS"}),
    ):
        sqs.send_message(
            QueueUrl=url,
            MessageBody=json.dumps(body),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )
    operator.runs("redrive-queue")
    assert "notifications/Events" in operator.said
    assert operator.runs("redrive-queue", "--queue", "notifications/Events") == 2
    assert "nothing was changed" in operator.said
    notifications_driver = NotificationDriver(deployment)
    assert not any(notifications_driver.settled(it.event_id) for it in placed)
    assert operator.runs("redrive-queue", "--queue", "notifications/Events", "--confirm") == 0
    for it in placed:
        # The customer is nobody: the message is settled all the same.
        eventually(partial(notifications_driver.settled, it.event_id))
