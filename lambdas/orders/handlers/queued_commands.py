"""ConfirmOrder and RejectOrder from the queue; every command is answered on the bus."""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import msgspec

from orders import commands
from orders.adapters.dynamodb_event_store import DynamoDbEventStore
from orders.domain.errors import OrderNotFound, OrderNotOpen
from orders.environment import QueueEnvironment
from orders.ports import EventStore, RecordedEvent
from shared.event_sourcing.changing import Clock
from shared.event_sourcing.messages import metadata
from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope
from shared.messaging.queue_worker import CommandType, Outcome, QueueWorker, done, refused
from shared.messaging.retries import Retries
from shared.runtime import aws, clock
from shared.runtime.environment import load
from shared.runtime.patterns import UUID, fullmatch_pattern
from shared.runtime.tracing.invocations import invocation

OrderId = Annotated[str, msgspec.Meta(pattern=fullmatch_pattern(UUID))]
"""As these two commands were released: the pattern alone, without a length that says it again."""


class ConfirmOrder(msgspec.Struct, frozen=True):
    """Fulfilment succeeded."""

    order_id: OrderId


class RejectOrder(msgspec.Struct, frozen=True):
    """Fulfilment was undone; ``reason`` is a code such as ``payment-declined``."""

    order_id: OrderId
    reason: Annotated[str, msgspec.Meta(pattern=fullmatch_pattern("[a-z0-9-]{1,64}"))]


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Carry out a batch of commands."""
    return _worker().handle(event)


@cache
def _worker() -> QueueWorker:
    environment, sqs = load(QueueEnvironment), aws.client("sqs")
    store = DynamoDbEventStore(aws.client("dynamodb"), environment.event_store_table)
    return QueueWorker(
        commands_on(store, clock.now),
        Bus(aws.client("events"), environment.bus_name, "orders"),
        DeadLetters(sqs, environment.dead_letters_url),
        Retries(sqs, environment.queue_url, environment.queue_attempts),
    )


def commands_on(store: EventStore, now: Clock) -> dict[str, CommandType[Any]]:
    """The commands that orders takes from its queue."""

    def confirm(form: ConfirmOrder, message: Envelope) -> Outcome:
        command = commands.ConfirmOrder(form.order_id, metadata(message))
        return _outcome_of(lambda: commands.confirm_order(store, now, command))

    def reject(form: RejectOrder, message: Envelope) -> Outcome:
        command = commands.RejectOrder(form.order_id, form.reason, metadata(message))
        return _outcome_of(lambda: commands.reject_order(store, now, command))

    return {
        "ConfirmOrder": CommandType(ConfirmOrder, confirm),
        "RejectOrder": CommandType(RejectOrder, reject),
    }


def _outcome_of(change: Callable[[], RecordedEvent]) -> Outcome:
    try:
        recorded = change()
    except OrderNotOpen as refusal:
        return refused(f"order-{refusal.status}")
    except OrderNotFound:
        return refused("order-not-found")
    return done({"version": recorded.version, "status": recorded.event.leads_to})
