"""ConfirmOrder and RejectOrder from the queue; every command gets exactly one kind of reply."""

from typing import Annotated, Any

import msgspec
from shared import aws, clock, log
from shared.bus import Bus, reply_to
from shared.envelope import Envelope, decode

from orders.adapters.dynamodb_event_store import DynamoDbEventStore
from orders.commands import Clock, change_order, digest
from orders.domain.errors import AppendConflict, OrderError, OrderNotFound, OrderNotOpen
from orders.domain.events import OrderEvent
from orders.domain.order import Order
from orders.handlers.requests import Uuid
from orders.ports import Command, EventStore
from orders.settings import for_queue


class ConfirmOrder(msgspec.Struct, frozen=True, tag_field="type", tag=True):
    """Fulfilment succeeded."""

    order_id: Uuid

    def decide(self, order: Order) -> OrderEvent:
        """The event that this makes of the order."""
        return order.confirm()


class RejectOrder(msgspec.Struct, frozen=True, tag_field="type", tag=True):
    """Fulfilment was undone; ``reason`` is a code such as ``payment-declined``."""

    order_id: Uuid
    reason: Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]{1,64}$")]

    def decide(self, order: Order) -> OrderEvent:
        """The event that this makes of the order."""
        return order.reject(self.reason)


QueuedCommand = ConfirmOrder | RejectOrder


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Carry out each command and reply on the bus.

    What fails comes again, and after that waits in the dead-letter queue with its reason logged.
    """
    store = DynamoDbEventStore(aws.client("dynamodb"), for_queue().event_store_table)
    bus = Bus(aws.client("events"), for_queue().bus_name, "orders")
    failed = []
    for record in event["Records"]:
        try:
            bus.put([carry_out(store, clock.now, decode(record["body"]))])
        except Exception as error:
            log.error("command failed", message_id=record["messageId"], error=repr(error))
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def carry_out(store: EventStore, now: Clock, message: Envelope) -> Envelope:
    """Carry out one command and return its reply.

    Raises:
        AppendConflict: others kept changing the order; the message should come again.
    """
    try:
        command = msgspec.convert({**message.data, "type": message.type}, QueuedCommand)
    except msgspec.ValidationError as invalid:
        return reply_to(message, "refused", "invalid-command", {"detail": str(invalid)})
    identity = Command(
        key=message.event_id,
        request_hash=digest(message.type, message.data),
        correlation_id=message.correlation_id,
        causation_id=message.event_id,
        traceparent=message.traceparent,
    )
    try:
        recorded = change_order(store, now, command.order_id, identity, command.decide)
    except AppendConflict:
        raise
    except OrderNotOpen as refusal:
        return reply_to(message, "refused", f"order-{refusal.status}")
    except OrderNotFound:
        return reply_to(message, "refused", "order-not-found")
    except OrderError as refusal:
        return reply_to(message, "refused", type(refusal).__name__)
    return reply_to(
        message, "done", data={"version": recorded.version, "status": recorded.event.leads_to}
    )
