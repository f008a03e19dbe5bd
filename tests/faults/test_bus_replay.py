"""The bus's past is told again: who is new hears it, and nobody does anything a second time.

The emulator archives and replays by API calls, though it knows no archive in a template; it tells
every rule, also where one is named.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.product import PRODUCT
from tests.support.drivers.bus_consumers import bus_consumers, waiting
from tests.support.drivers.bus_listener import BusListener
from tests.support.drivers.notification_driver import NotificationDriver
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.system import System
from tools.emulator.payment_provider import PaymentProvider

TOLD = ["order-confirmed", "order-received"]


@pytest.fixture
def notifications_driver(deployment: Deployment) -> NotificationDriver:
    return NotificationDriver(deployment)


@contextmanager
def archive(deployment: Deployment, bus_arn: str) -> Iterator[str]:
    """An archive of the bus as the template has one; gives its ARN."""
    client = deployment.cloud.client("events")
    name = f"archive-{uuid.uuid4().hex[:12]}"
    made = client.create_archive(
        ArchiveName=name,
        EventSourceArn=bus_arn,
        EventPattern=json.dumps({"source": [{"prefix": f"{PRODUCT}."}]}),
    )
    try:
        yield made["ArchiveArn"]
    finally:
        client.delete_archive(ArchiveName=name)


def replay(deployment: Deployment, bus_arn: str, archive_arn: str) -> None:
    """Tell the last quarter of an hour again, and wait until that is done."""
    client = deployment.cloud.client("events")
    name, now = f"replay-{uuid.uuid4().hex[:12]}", datetime.now(UTC)
    client.start_replay(
        ReplayName=name,
        EventSourceArn=archive_arn,
        EventStartTime=now - timedelta(minutes=15),
        EventEndTime=now + timedelta(minutes=1),
        Destination={"Arn": bus_arn},
    )
    eventually(lambda: client.describe_replay(ReplayName=name)["State"] == "COMPLETED")


def test_who_is_new_hears_the_past_and_nobody_does_anything_twice(
    deployment: Deployment, notifications_driver: NotificationDriver
) -> None:
    bus = deployment.named("event-log", "buses", "Bus")
    bus_arn = deployment.cloud.client("events").describe_event_bus(Name=bus)["Arn"]
    provider = PaymentProvider(deployment.emulator.workspace)
    system = System(deployment.outputs, deployment.token)
    ada = notifications_driver.customer()

    def rows(service: str, table: str) -> list[dict[str, Any]]:
        name = deployment.named(service, "tables", table)
        pages = deployment.cloud.client("dynamodb").get_paginator("scan")
        read = pages.paginate(TableName=name, ConsistentRead=True)
        return [dict(it) for page in read for it in page["Items"]]

    def what_is_done(order_id: str) -> dict[str, Any]:
        """By service that hears the bus, what it has done for the order; and what was paid."""
        saga = deployment.cloud.client("stepfunctions").list_executions(
            stateMachineArn=deployment.named("fulfilment", "state_machines", "Saga")
        )["executions"]
        reservation = deployment.cloud.client("dynamodb").get_item(
            TableName=deployment.named("inventory", "tables", "Reservations"),
            Key={"order_id": {"S": order_id}},
            ConsistentRead=True,
        )
        logged = Counter(event["event_id"] for _, event in system.logged(order_id))
        return {
            "console": {
                (it["kept_in"]["S"], it["kept_at"]["S"]): it
                for it in rows("console", "Activity")
                if it.get("order_id") == {"S": order_id}
            },
            # No partner is told of an order that is no partner's.
            "webhooks": [
                it for it in rows("webhooks", "Deliveries") if it["event_id"]["S"] in logged
            ],
            "notifications": notifications_driver.templates(ada.id),
            "inventory": reservation["Item"],
            "fulfilment": sorted(it["name"] for it in saga if it["name"].startswith(order_id)),
            "event-log": logged,
            "charges": len(provider.charges(order_id)),
        }

    consumers = bus_consumers(deployment)
    # What another test has left to come again in minutes is not what is waited for here.
    left = waiting(deployment, consumers)
    with archive(deployment, bus_arn) as archive_arn:
        order_id = notifications_driver.order(ada)
        eventually(lambda: notifications_driver.templates(ada.id) == TOLD)
        eventually(lambda: waiting(deployment, consumers) <= left)
        before = what_is_done(order_id)
        assert before["charges"] == 1
        assert before["fulfilment"] == [order_id]
        assert set(before["event-log"].values()) == {1}
        assert before["inventory"]["status"] == {"S": "sold"}
        assert before["console"][f"order#{order_id}", "-"]["status"] == {"S": "confirmed"}
        untold = consumers.keys() - before.keys()
        assert not untold, f"say in what_is_done what these do with what they hear: {untold}"
        newcomer = BusListener(deployment.cloud, bus, f"{PRODUCT}.orders")
        assert newcomer.heard() == []

        replay(deployment, bus_arn, archive_arn)

        def heard() -> set[str]:
            return {it.type for it in newcomer.heard() if it.aggregate_id == order_id}

        eventually(lambda: heard() >= {"OrderPlaced", "OrderConfirmed"})
        eventually(lambda: waiting(deployment, consumers) <= left)
    assert what_is_done(order_id) == before
