"""Fulfilment as it is deployed: orders are confirmed, and what nobody can use is kept."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.product import PRODUCT
from fulfilment.adapters.dynamodb_sagas import LOOK, DynamoDbSagas
from fulfilment.domain.steps import STEPS
from orders.adapters.event_codec import HOUR, part_of_hour
from shared.runtime import clock
from tests.support.contracts.saga_store_contract import SagaStoreContract
from tests.support.drivers.dead_letters import dead_letters
from tests.support.drivers.notification_driver import NotificationDriver
from tests.support.drivers.offline import Deployment, call, eventually
from tools.base.endpoint import Cloud
from tools.emulator import function_logs
from tools.emulator.payment_provider import PaymentProvider
from tools.local import books
from tools.local.invariants import examine

LINES = [{"sku": "MUG-BLUE", "quantity": 2}, {"sku": "TEA-ASSAM", "quantity": 1}]


class TestDynamoDbSagas(SagaStoreContract):
    """The real store keeps the contract."""

    @pytest.fixture
    def order_id(self) -> str:
        return str(uuid.uuid4())

    @pytest.fixture
    def store(self, deployment: Deployment) -> DynamoDbSagas:
        table = deployment.named("fulfilment", "tables", "Sagas")
        return DynamoDbSagas(deployment.cloud.client("dynamodb"), table, "OpenSagas", "StuckSagas")


def place(
    deployment: Deployment, lines: list[dict[str, Any]] = LINES, journey: str | None = None
) -> str:
    answer = call(
        "POST",
        deployment.url("orders", "/v1/orders"),
        token=deployment.token(),
        headers={
            "Idempotency-Key": str(uuid.uuid4()),
            "X-Correlation-Id": journey or str(uuid.uuid4()),
        },
        body={
            "lines": lines,
            "currency": "EUR",
            "ship_to": {
                "address_id": str(uuid.uuid4()),
                "country": "DE",
                "postcode_area": "10",
            },
        },
    )
    assert answer.status == 202
    order_id: str = answer.json["order_id"]
    return order_id


def saga_items(deployment: Deployment, order_id: str) -> dict[str, dict[str, Any]]:
    answer = deployment.cloud.client("dynamodb").query(
        TableName=deployment.named("fulfilment", "tables", "Sagas"),
        KeyConditionExpression="order_id = :id",
        ExpressionAttributeValues={":id": {"S": order_id}},
        ConsistentRead=True,
    )
    return {item["part"]["S"]: dict(item) for item in answer["Items"]}


def view(deployment: Deployment, order_id: str) -> dict[str, Any]:
    url = deployment.url("order-views", f"/v1/orders/{order_id}")
    answer: dict[str, Any] = call("GET", url, token=deployment.token()).json
    return answer


def test_a_placed_order_is_confirmed_by_services_that_only_exchange_messages(
    deployment: Deployment,
) -> None:
    order_id = place(deployment)
    eventually(lambda: view(deployment, order_id).get("status") == "confirmed")
    items = eventually(
        lambda: (
            (found := saga_items(deployment, order_id))["saga"]["state"]["S"] == "ended" and found
        ),
    )
    assert set(items) == {"saga", *(name for name, step in STEPS.items() if not step.undoes)}
    assert {it["outcome"]["S"] for part, it in items.items() if part != "saga"} == {"done"}
    assert items["saga"]["end"]["S"] == "confirmed"
    assert "open" not in items["saga"], "the sweeper has nothing to look at"
    providers = PaymentProvider.all_of(deployment.emulator.workspace)
    report = examine(books.read(deployment.outputs, deployment.cloud, providers, [order_id]))
    assert report.holds, report.violations


@contextmanager
def nobody_listens(deployment: Deployment) -> Iterator[None]:
    """The rule by which fulfilment hears of placed orders is switched off."""
    rules, bus = deployment.cloud.client("events"), deployment.named("event-log", "buses", "Bus")
    pages = rules.get_paginator("list_rules").paginate(EventBusName=bus)
    (name,) = (
        it["Name"]
        for page in pages
        for it in page["Rules"]
        if it.get("Description", "").startswith("fulfilment") and "OrderPlaced" in it["Description"]
    )
    rules.disable_rule(Name=name, EventBusName=bus)
    try:
        yield
    finally:
        rules.enable_rule(Name=name, EventBusName=bus)


def put_order_placed(deployment: Deployment, like: str, placed: datetime) -> tuple[str, str]:
    """Another order like that one, placed at another time; its id and its event's."""
    database, table = (
        deployment.cloud.client("dynamodb"),
        deployment.named("orders", "tables", "EventStore"),
    )
    item = database.get_item(
        TableName=table, Key={"order_id": {"S": like}, "version": {"N": "1"}}, ConsistentRead=True
    )["Item"]
    order_id, event_id = str(uuid.uuid4()), str(uuid.uuid4())
    occurred_at = clock.format_time(placed)
    changes = {
        "order_id": order_id,
        "event_id": event_id,
        "occurred_at": occurred_at,
        "occurred_in": part_of_hour(occurred_at[:HOUR], 0),
    }
    database.put_item(
        TableName=table, Item={**item, **{name: {"S": text} for name, text in changes.items()}}
    )
    return order_id, event_id


def look_for_missed_orders(deployment: Deployment, since: datetime) -> int:
    """What the clock calls every hour, the last look having ended then; how many it started."""
    deployment.cloud.client("dynamodb").put_item(
        TableName=deployment.named("fulfilment", "tables", "Sagas"),
        Item={
            "order_id": {"S": LOOK},
            "part": {"S": LOOK},
            "looked_until": {"S": clock.format_time(since)},
        },
    )
    answer = deployment.cloud.client("lambda").invoke(
        FunctionName=deployment.named("fulfilment", "functions", "StartMissed"), Payload=b"{}"
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    started: int = json.loads(answer["Payload"].read())["started"]
    return started


def test_an_order_that_fulfilment_never_heard_of_is_found_and_its_saga_begins(
    deployment: Deployment,
) -> None:
    earlier = clock.parse_time(clock.now()) - timedelta(hours=3)
    like = place(deployment)
    with nobody_listens(deployment):
        order_id, event_id = put_order_placed(deployment, like, earlier)
        # The bus has told the others of it.
        eventually(lambda: NotificationDriver(deployment).settled(event_id))
    assert saga_items(deployment, order_id) == {}
    assert look_for_missed_orders(deployment, earlier) == 1
    assert saga_items(deployment, order_id)["saga"]["causation_id"]["S"] == event_id
    eventually(lambda: "reserve-stock" in saga_items(deployment, order_id))
    assert look_for_missed_orders(deployment, earlier) == 0


SERVES_AN_ORDER = {
    "orders": ["PlaceOrder", "ReadEvents", "QueuedCommands"],
    "fulfilment": ["StartSaga", "SendCommand", "TakeReply"],
    "inventory": ["QueuedCommands", "RecordSales"],
    "payments": ["QueuedCommands"],
    "shipping": [
        "QueuedCommands",
        "AquilaExpress",
        "HeronFreight",
        "TernPost",
        "TakeAnswers",
        "CloseGatherings",
        "AnnounceQuotes",
    ],
    "notifications": ["Notify"],
}


def test_the_logs_of_all_who_served_an_order_name_its_journey(deployment: Deployment) -> None:
    journey, begun = str(uuid.uuid4()), int(time.time() * 1000)
    order_id = place(deployment, journey=journey)
    functions = {
        f"{service} {name}": deployment.named(service, "functions", name)
        for service, names in SERVES_AN_ORDER.items()
        for name in names
    }

    def all_have_spoken() -> bool:
        lines = function_logs.lines(deployment.cloud, functions, since=begun)
        about = {line.function for line in lines if journey in line.text and order_id in line.text}
        assert about == functions.keys(), functions.keys() - about
        return True

    eventually(all_have_spoken)


def put_on_bus(cloud: Cloud, deployment: Deployment, source: str, message: dict[str, Any]) -> None:
    cloud.client("events").put_events(
        Entries=[
            {
                "EventBusName": deployment.named("event-log", "buses", "Bus"),
                "Source": source,
                "DetailType": message["type"],
                "Detail": json.dumps(message),
            }
        ]
    )


def message(type: str, data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    order_id = data.get("order_id", str(uuid.uuid4()))
    return {
        "event_id": str(uuid.uuid4()),
        "type": type,
        "schema_version": 1,
        "aggregate_type": "order",
        "aggregate_id": order_id,
        "version": None,
        "occurred_at": "2026-12-01T09:00:00.000Z",
        "correlation_id": str(uuid.uuid4()),
        "causation_id": None,
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": data,
        **changes,
    }


def parked(deployment: Deployment, queue: str, event_id: str) -> str:
    """Why that message waits among a queue's dead letters; empty if it does not."""
    url = deployment.named("fulfilment", "queues", f"{queue}/DeadLetters")
    letters = dead_letters(deployment.cloud, url)
    return next((why for body, why in letters.items() if event_id in body), "")


ORDER = str(uuid.uuid4())
STRAY_REPLIES = {
    "a reply to an unknown command": message(
        "CommandReplied",
        {"order_id": ORDER, "command_id": str(uuid.uuid4()), "outcome": "done"},
    ),
    "not a reply": message("CommandReplied", {"order_id": ORDER, "outcome": "perhaps"}),
    "CommandReplied of version 2": message("CommandReplied", {}, schema_version=2),
}


@pytest.mark.parametrize("reason", STRAY_REPLIES)
def test_a_reply_that_nobody_can_use_is_kept_with_its_reason(
    deployment: Deployment, reason: str
) -> None:
    stray = STRAY_REPLIES[reason]
    put_on_bus(deployment.cloud, deployment, f"{PRODUCT}.payments", stray)
    said = eventually(lambda: parked(deployment, "Replies", stray["event_id"]))
    assert said.startswith(reason)


def test_an_order_of_a_newer_version_is_kept_and_starts_nothing(deployment: Deployment) -> None:
    newer = message("OrderPlaced", {}, schema_version=3, version=1)
    put_on_bus(deployment.cloud, deployment, f"{PRODUCT}.orders", newer)
    said = eventually(lambda: parked(deployment, "PlacedOrders", newer["event_id"]))
    assert said == "OrderPlaced of version 3"
    assert saga_items(deployment, newer["aggregate_id"]) == {}


@pytest.mark.parametrize(
    ("request_", "why"),
    [({"order_id": ORDER}, ORDER), ({"order_id": "7"}, "`$.order_id`"), ({}, "`order_id`")],
    ids=["unknown order", "no id", "nothing"],
)
def test_what_cannot_be_resumed_is_refused_with_the_reason(
    deployment: Deployment, request_: dict[str, str], why: str
) -> None:
    answer = deployment.cloud.client("lambda").invoke(
        FunctionName=deployment.named("fulfilment", "functions", "Resume"),
        Payload=json.dumps(request_).encode(),
    )
    assert "FunctionError" in answer
    assert why in json.loads(answer["Payload"].read())["errorMessage"]
