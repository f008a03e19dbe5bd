"""Notifications as tests use it: events onto the bus, and what customers would get out."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from typing import Any

from contracts.product import PRODUCT
from shared.messaging.envelope import Envelope, encode
from shared.runtime import clock
from shared.runtime.tracing.context import new_traceparent
from tests.support.drivers.dead_letters import dead_letters
from tests.support.drivers.offline import Deployment, call

ADA = {"name": "Ada Quillfeather", "email": "ada@quillfeather.example"}


def event(type: str, order_id: str, event_id: str | None = None, **data: Any) -> Envelope:
    """A message as it travels on the bus."""
    return Envelope(
        event_id=event_id or str(uuid.uuid4()),
        type=type,
        schema_version=1,
        aggregate_type="order",
        aggregate_id=order_id,
        version=None,
        occurred_at=clock.now(),
        correlation_id=str(uuid.uuid4()),
        causation_id=None,
        traceparent=new_traceparent(),
        data=data,
    )


def order_placed(order_id: str, customer_id: str) -> Envelope:
    """An OrderPlaced with what notifications reads of it."""
    return event("OrderPlaced", order_id, customer_id=customer_id, total=4205, currency="EUR")


@dataclass
class Customer:
    """Somebody with a sign-in and, once registered, a contact."""

    deployment: Deployment
    token: str

    @property
    def id(self) -> str:
        """The subject of the token."""
        claims = self.token.split(".")[1]
        subject: str = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))[
            "sub"
        ]
        return subject

    def asks(self, method: str, body: Any = None) -> int:
        """Call customers' API about oneself; returns the status."""
        url = self.deployment.url("customers", "/v1/customers/me")
        return call(method, url, token=self.token, body=body).status


@dataclass
class NotificationDriver:
    """The ways in and out of notifications."""

    deployment: Deployment

    def customer(self, *, registered: bool = True) -> Customer:
        """Somebody new."""
        customer = Customer(self.deployment, self.deployment.token(f"customer-{uuid.uuid4()}"))
        if registered:
            assert customer.asks("PUT", ADA) == 201
        return customer

    def order(self, customer: Customer) -> str:
        """Place an order for a mug through the API; returns its id."""
        placed = call(
            "POST",
            self.deployment.url("orders", "/v1/orders"),
            token=customer.token,
            headers={"Idempotency-Key": str(uuid.uuid4())},
            body={
                "lines": [{"sku": "MUG-BLUE", "quantity": 1}],
                "currency": "EUR",
                "ship_to": {
                    "address_id": str(uuid.uuid4()),
                    "country": "DE",
                    "postcode_area": "10",
                },
            },
        )
        assert placed.status == 202
        order_id: str = placed.json["order_id"]
        return order_id

    def announce(self, source: str, *messages: Envelope) -> None:
        """Put messages on the bus as the service ``source`` would."""
        bus_name = next(iter(self.deployment.outputs["services"]["event-log"]["buses"].values()))
        for message in messages:
            answer = self.deployment.cloud.client("events").put_events(
                Entries=[
                    {
                        "EventBusName": bus_name,
                        "Source": f"{PRODUCT}.{source}",
                        "DetailType": message.type,
                        "Detail": encode(message).decode(),
                    }
                ]
            )
            assert not answer["FailedEntryCount"]

    def outbox(self, customer_id: str) -> list[dict[str, Any]]:
        """What the customer would have got, as items of the outbox."""
        items: list[dict[str, Any]] = self.deployment.cloud.client("dynamodb").query(
            TableName=self.deployment.named("notifications", "tables", "Outbox"),
            KeyConditionExpression="customer_id = :id",
            ExpressionAttributeValues={":id": {"S": customer_id}},
            ConsistentRead=True,
        )["Items"]
        return items

    def templates(self, customer_id: str) -> list[str]:
        """The templates of what the customer would have got, sorted."""
        return sorted(item["template"]["S"] for item in self.outbox(customer_id))

    def settled(self, event_id: str) -> str | None:
        """How the ledger says that a message ended."""
        item = (
            self.deployment.cloud.client("dynamodb")
            .get_item(
                TableName=self.deployment.named("notifications", "tables", "Ledger"),
                Key={"event_id": {"S": event_id}},
                ConsistentRead=True,
            )
            .get("Item")
        )
        return item["status"]["S"] if item else None

    def everything_kept(self) -> str:
        """All that notifications' tables hold and its function has logged, as one text."""
        cloud = self.deployment.cloud
        kept = [
            json.dumps(cloud.client("dynamodb").scan(TableName=name)["Items"])
            for name in self.deployment.outputs["services"]["notifications"]["tables"].values()
        ]
        return "\n".join([*kept, *self.logged()])

    def logged(self, *texts: str) -> list[str]:
        """The lines that the function has logged with all of these texts."""
        cloud = self.deployment.cloud
        name = self.deployment.named("notifications", "functions", "Notify")
        configuration = cloud.client("lambda").get_function_configuration(FunctionName=name)
        pages = cloud.client("logs").get_paginator("filter_log_events")
        group = configuration["LoggingConfig"]["LogGroup"]
        found = pages.paginate(logGroupName=group)
        lines = [line["message"] for page in found for line in page["events"]]
        return [line for line in lines if all(text in line for text in texts)]

    def parked(self) -> dict[str, str]:
        """Reasons by body of what waits with the dead letters."""
        url = self.deployment.named("notifications", "queues", "Events/DeadLetters")
        return dead_letters(self.deployment.cloud, url)
