"""Fulfilment as it is deployed: orders are confirmed, and what nobody can use is kept."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest

from fulfilment.adapters.dynamodb_sagas import DynamoDbSagas
from fulfilment.domain.steps import STEPS
from local import books, function_logs
from local.endpoint import Cloud
from local.invariants import examine
from local.payment_provider import PaymentProvider
from tests.contract.saga_store_contract import SagaStoreContract
from tests.integration.dead_letters import dead_letters
from tests.integration.offline import Deployment, call, eventually

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
    eventually(lambda: view(deployment, order_id).get("status") == "confirmed", 60)
    items = eventually(
        lambda: (
            (found := saga_items(deployment, order_id))["saga"]["state"]["S"] == "ended" and found
        ),
        20,
    )
    assert set(items) == {"saga", *(name for name, step in STEPS.items() if not step.undoes)}
    assert {it["outcome"]["S"] for part, it in items.items() if part != "saga"} == {"done"}
    assert "open" not in items["saga"], "the sweeper has nothing to look at"
    providers = PaymentProvider.all_of(deployment.emulator.workspace)
    report = examine(books.read(deployment.outputs, deployment.cloud, providers, [order_id]))
    assert report.holds, report.violations


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

    eventually(all_have_spoken, 60)


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
    put_on_bus(deployment.cloud, deployment, "parcelworks.payments", stray)
    said = eventually(lambda: parked(deployment, "Replies", stray["event_id"]), 30)
    assert said.startswith(reason)


def test_an_order_of_a_newer_version_is_kept_and_starts_nothing(deployment: Deployment) -> None:
    newer = message("OrderPlaced", {}, schema_version=2, version=1)
    put_on_bus(deployment.cloud, deployment, "parcelworks.orders", newer)
    said = eventually(lambda: parked(deployment, "PlacedOrders", newer["event_id"]), 30)
    assert said == "OrderPlaced of version 2"
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
