"""Shipping as tests use it: commands in, what the bus hears out, and carriers that misbehave."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from contracts.product import PRODUCT
from shared.messaging.envelope import Envelope, encode
from shared.runtime import clock
from shared.runtime.tracing.context import new_traceparent
from tests.support.drivers.bus_listener import BusListener
from tests.support.drivers.offline import Deployment, eventually

SHIP_TO = {"country": "DE", "postcode_area": "10"}
MUG_GRAMS = 380
TABLE_GRAMS = 14500
CARRIERS = ("aquila-express", "heron-freight", "tern-post")
LONGER_THAN_DEADLINE = 30.0


def command(type: str, order_id: str, step: str, **data: Any) -> Envelope:
    """A command as fulfilment sends it."""
    return Envelope(
        event_id=str(uuid.uuid5(uuid.UUID(order_id), step)),
        type=type,
        schema_version=1,
        aggregate_type="order",
        aggregate_id=order_id,
        version=None,
        occurred_at=clock.now(),
        correlation_id=str(uuid.uuid4()),
        causation_id=None,
        traceparent=new_traceparent(),
        data={"order_id": order_id, **data},
    )


def gather_quotes(
    order_id: str, *, grams: int = MUG_GRAMS, ship_to: Mapping[str, str] = SHIP_TO
) -> Envelope:
    """GatherQuotes for a mug to Berlin, unless told otherwise."""
    return command(
        "GatherQuotes",
        order_id,
        "gather-quotes",
        weight_grams=grams,
        ship_to=dict(ship_to),
        currency="EUR",
    )


def book_shipment(order_id: str, best: Mapping[str, Any]) -> Envelope:
    """BookShipment for the quote that was chosen."""
    return command(
        "BookShipment",
        order_id,
        "book-shipment",
        quote_id=best["quote_id"],
        carrier=best["carrier"],
        weight_grams=MUG_GRAMS,
        ship_to=SHIP_TO,
    )


def cancel_shipment(order_id: str) -> Envelope:
    """CancelShipment for an order."""
    return command("CancelShipment", order_id, "cancel-shipment")


@dataclass
class ShippingDriver:
    """One listener on the bus, and the ways into shipping."""

    deployment: Deployment
    bus: BusListener
    _parked: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, deployment: Deployment) -> ShippingDriver:
        bus_name = next(iter(deployment.outputs["services"]["event-log"]["buses"].values()))
        driver = cls(deployment, BusListener(deployment.cloud, bus_name, f"{PRODUCT}.shipping"))
        # Functions that were never called take long to start here: carriers that behave
        # would be late.
        eventually(lambda: not driver.ask(gather_quotes(str(uuid.uuid4())))["data"]["missing"])
        return driver

    def queue(self, name: str) -> str:
        """The address of one of shipping's queues, such as ``Commands``."""
        return self.deployment.named("shipping", "queues", name)

    def put(self, queue: str, body: str) -> None:
        """Put anything into one of shipping's queues."""
        self.deployment.cloud.client("sqs").send_message(
            QueueUrl=self.queue(queue), MessageBody=body
        )

    def send(self, *commands: Envelope) -> None:
        """Put commands into the queue."""
        for one in commands:
            self.put("Commands", encode(one).decode())

    def heard(self, type: str, order_id: str) -> list[Envelope]:
        """What the bus heard about an order until now."""
        return [
            message
            for message in self.bus.heard()
            if message.type == type and message.aggregate_id == order_id
        ]

    def reply(self, to: Envelope, timeout: float = LONGER_THAN_DEADLINE) -> dict[str, Any]:
        """The data of the command's reply, as soon as it is there."""

        def answered() -> dict[str, Any] | None:
            for message in self.heard("CommandReplied", to.aggregate_id):
                if message.causation_id == to.event_id:
                    return message.data
            return None

        found = eventually(answered, timeout)
        assert found
        return found

    def ask(self, to: Envelope) -> dict[str, Any]:
        """Send a command, and return its reply's data."""
        self.send(to)
        return self.reply(to)

    def quoted(self) -> tuple[str, dict[str, Any]]:
        """A new order with quotes: its id, and the best quote."""
        order_id = str(uuid.uuid4())
        return order_id, self.ask(gather_quotes(order_id))["data"]["best"]

    def booked(self) -> tuple[str, dict[str, Any]]:
        """A new order with a shipment: its id, and the booking's data."""
        order_id, best = self.quoted()
        return order_id, self.ask(book_shipment(order_id, best))["data"]

    def carriers_book(self) -> dict[tuple[str, str], str]:
        """The status of every booking in the carriers' own books, by carrier and shipment."""
        answer = self.deployment.cloud.client("dynamodb").scan(
            TableName=self.deployment.named("shipping", "tables", "CarrierDesk"),
            ConsistentRead=True,
        )
        return {
            (item["carrier"]["S"], item["record"]["S"].removeprefix("booking#")): item["status"][
                "S"
            ]
            for item in answer["Items"]
            if item["record"]["S"].startswith("booking#")
        }

    @contextmanager
    def misbehaving(self, carrier: str, **behaviour: dict[str, Any]) -> Iterator[None]:
        """Let a carrier misbehave for a while: attributes of the simulator's ``behaviour``."""
        table = self.deployment.named("shipping", "tables", "CarrierDesk")
        dynamodb = self.deployment.cloud.client("dynamodb")
        key = {"carrier": {"S": carrier}, "record": {"S": "behaviour"}}
        dynamodb.put_item(TableName=table, Item=key | behaviour)
        try:
            yield
        finally:
            dynamodb.delete_item(TableName=table, Key=key)

    def parked(self, queue: str) -> dict[str, str]:
        """Reasons by body of what was ever parked from a queue; it is taken out on the way."""
        sqs, url = self.deployment.cloud.client("sqs"), self.queue(f"{queue}/DeadLetters")
        while messages := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            for message in messages:
                reason = message["MessageAttributes"]["reason"]["StringValue"]
                self._parked[message["Body"]] = reason
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return self._parked

    def logged(self, function: str, *texts: str) -> list[str]:
        """The lines that one of shipping's functions has logged with all of these texts."""
        cloud = self.deployment.cloud
        name = self.deployment.named("shipping", "functions", function)
        group = cloud.client("lambda").get_function_configuration(FunctionName=name)[
            "LoggingConfig"
        ]["LogGroup"]
        events = cloud.client("logs").filter_log_events(logGroupName=group)["events"]
        lines = [event["message"] for event in events]
        return [line for line in lines if all(text in line for text in texts)]
