"""An event that older code wrote stays as it is for ever, and everybody can still read it."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import msgspec
import pytest

from contracts.product import PROBLEM_TYPES, PRODUCT
from orders.adapters.event_codec import CODEC
from stacks.services import consumers
from tests.support.contracts.event_schemas import violations
from tests.support.drivers.bus_listener import BusListener
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.system import System
from tests.support.examples.orders import CANCELLED, PLACED, recorded

PLACED_AT = "2026-03-01T09:00:00.000Z"
CANCELLED_AT = "2026-03-01T10:00:00.000Z"
AS_WRITTEN = {"reason": "too_slow"}
"""Version 1 of OrderCancelled: nobody said yet who cancelled."""
PLACED_AS_WRITTEN = {name: it for name, it in msgspec.to_builtins(PLACED).items() if name != "gift"}
"""Version 1 of OrderPlaced: no order could be a gift yet. The customer is another."""
AS_READ = {"reason": "too_slow", "cancelled_by": "customer"}


@pytest.fixture(scope="module")
def system(deployment: Deployment) -> System:
    return System(deployment.outputs, deployment.token)


@pytest.fixture(scope="module")
def bus(deployment: Deployment) -> BusListener:
    name = deployment.named("event-log", "buses", "Bus")
    return BusListener(deployment.cloud, name, f"{PRODUCT}.orders")


@pytest.fixture(scope="module")
def items(deployment: Deployment, bus: BusListener) -> list[dict[str, Any]]:
    """An order in the event store: placed, and cancelled as older code wrote it."""
    order_id = str(uuid.uuid4())
    placed = PLACED_AS_WRITTEN | {"customer_id": _subject(deployment.token())}
    items = [
        CODEC.to_item(recorded(PLACED, 1, PLACED_AT, order_id)) | as_of_before(placed),
        CODEC.to_item(recorded(CANCELLED, 2, CANCELLED_AT, order_id)) | as_of_before(AS_WRITTEN),
    ]
    for item in items:
        deployment.cloud.client("dynamodb").put_item(
            TableName=deployment.named("orders", "tables", "EventStore"), Item=item
        )
    return items


def as_of_before(data: Any) -> dict[str, Any]:
    """What an item of version 1 of its schema has otherwise."""
    return {"schema_version": {"N": "1"}, "data": {"S": json.dumps(data)}}


@pytest.fixture(scope="module")
def order_id(items: list[dict[str, Any]], system: System) -> str:
    """The same order, once its view has both events."""
    order_id: str = items[0]["order_id"]["S"]
    system.visible(order_id, version=2)
    return order_id


def test_the_history_tells_it_in_todays_form(system: System, order_id: str) -> None:
    history = system.history(order_id).json
    assert (history["state"]["status"], history["state"]["reason"]) == ("cancelled", "too_slow")
    assert history["events"][1]["data"] == AS_READ
    assert "gift" not in history["state"]
    newer = system.call("GET", "orders", f"/v2/orders/{order_id}/history").json
    assert newer["state"]["gift"] is newer["events"][0]["data"]["gift"] is None


def test_the_view_shows_the_order_cancelled(system: System, order_id: str) -> None:
    view = system.view(order_id).json
    assert (view["status"], view["reason"], view["version"]) == ("cancelled", "too_slow", 2)
    newer = system.call("GET", "order-views", f"/v2/orders/{order_id}").json
    assert newer == {**view, "gift": None}


def test_sales_counts_past_it_and_counts_no_sale(deployment: Deployment, order_id: str) -> None:
    def counted() -> dict[str, Any]:
        answer = deployment.cloud.client("dynamodb").get_item(
            TableName=deployment.named("sales", "tables", "Sales"),
            Key={"pk": {"S": f"g1#order#{order_id}"}, "sk": {"S": "gate"}},
            ConsistentRead=True,
        )
        gate: dict[str, Any] = answer.get("Item", {})
        assert gate.get("version") == {"N": "2"}
        return gate

    assert "stalled_at_version" not in eventually(counted)


def test_the_bus_says_it_in_todays_form(bus: BusListener, order_id: str) -> None:
    def heard() -> list[Any]:
        # Its events alone, each once: replies to its saga travel here too, and so may repetitions.
        ours = {
            message.event_id: message
            for message in bus.heard()
            if message.aggregate_id == order_id and message.version is not None
        }
        return list(ours.values()) if len(ours) >= 2 else []

    placed, cancelled = eventually(heard)
    assert (placed.type, cancelled.type) == ("OrderPlaced", "OrderCancelled")
    assert (placed.schema_version, placed.data["gift"]) == (2, None)
    assert (cancelled.schema_version, cancelled.data) == (2, AS_READ)
    assert violations(placed, closed=True) == []
    assert violations(cancelled, closed=True) == []


def test_a_command_decides_on_it(system: System, order_id: str) -> None:
    refused = system.cancel(order_id)
    assert (refused.status, refused.json["type"]) == (409, PROBLEM_TYPES + "order-not-open")


def test_it_stays_as_it_was_in_store_log_and_archive(system: System, order_id: str) -> None:
    placed, stored = system.stored(order_id)
    assert (placed["schema_version"], "gift" in json.loads(placed["data"])) == ("1", False)
    assert (stored["schema_version"], json.loads(stored["data"])) == ("1", AS_WRITTEN)
    logged = [event for _, event in system.logged(order_id) if event["version"] == 2]
    archived = eventually(
        lambda: [event for event in system.archived(order_id) if event["version"] == 2]
    )
    for event in (*logged, *archived):
        assert (event["schema_version"], event["data"]) == (1, AS_WRITTEN)
    assert logged
    assert archived


def test_nobody_parked_it(deployment: Deployment, order_id: str) -> None:
    for service in {it.name for it in consumers().values()}:
        answer = deployment.cloud.client("lambda").invoke(
            FunctionName=deployment.named(service, "functions", "Redrive"),
            Payload=b'{"dry_run": true}',
        )
        parked = json.loads(answer["Payload"].read())["parked"]
        assert order_id not in {line["aggregate_id"] for line in parked}


def _subject(token: str) -> str:
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    subject: str = claims["sub"]
    return subject
