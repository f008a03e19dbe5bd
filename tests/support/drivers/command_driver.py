"""Sends commands to a service's queue as fulfilment does, and hears what comes back on the bus."""

from __future__ import annotations

import uuid
from typing import Any

from contracts.product import PRODUCT
from shared.messaging.envelope import Envelope, encode
from tests.support.drivers.bus_listener import BusListener
from tests.support.drivers.offline import Deployment, eventually

PATIENCE_SECONDS = 30.0


def command(kind: str, order_id: str, **data: Any) -> Envelope:
    """A command; its id follows from order and kind, so that sent again it is the same one."""
    return Envelope(
        event_id=str(uuid.uuid5(uuid.UUID(order_id), kind)),
        type=kind,
        schema_version=1,
        aggregate_type="order",
        aggregate_id=order_id,
        version=None,
        occurred_at="2026-12-01T12:00:00.000Z",
        correlation_id=str(uuid.uuid4()),
        causation_id=None,
        traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
        data={"order_id": order_id, **data},
    )


class CommandDriver:
    """One service, by its queue and its voice on the bus."""

    def __init__(self, deployment: Deployment, service: str) -> None:
        self.deployment = deployment
        self._sqs = deployment.cloud.client("sqs")
        self.queue_url = deployment.named(service, "queues", "Commands")
        bus = deployment.named("event-log", "buses", "Bus")
        self._bus = BusListener(deployment.cloud, bus, f"{PRODUCT}.{service}")

    def send(self, message: Envelope) -> None:
        """Put a command on the service's queue."""
        self._sqs.send_message(QueueUrl=self.queue_url, MessageBody=encode(message).decode())

    def ask(self, kind: str, order_id: str, **data: Any) -> dict[str, Any]:
        """Send a command, and wait for a reply to it that is new: its data."""
        message = command(kind, order_id, **data)
        before = len(self.replies(message))
        self.send(message)
        return self.await_replies(message, before + 1)[-1]

    def await_replies(self, message: Envelope, count: int = 1) -> list[dict[str, Any]]:
        """The replies to a command, once there are so many."""

        def enough() -> list[dict[str, Any]]:
            replies = self.replies(message)
            assert len(replies) >= count, f"{len(replies)} replies to {message.type}"
            return replies

        return eventually(enough, timeout=PATIENCE_SECONDS)

    def replies(self, message: Envelope) -> list[dict[str, Any]]:
        """The replies to a command until now."""
        return [
            it.data
            for it in self._bus.heard()
            if it.type == "CommandReplied" and it.causation_id == message.event_id
        ]

    def integration_events(self, order_id: str) -> list[Envelope]:
        """What the service said about an order until now, replies left out."""
        return [
            it
            for it in self._bus.heard()
            if it.aggregate_id == order_id and it.type != "CommandReplied"
        ]


def verdict(reply: dict[str, Any]) -> tuple[str, str | None]:
    """A reply's outcome and reason."""
    return reply["outcome"], reply["reason"]
