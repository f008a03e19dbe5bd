"""OrderPlaced from the bus: the order's saga begins."""

from functools import cache, partial
from typing import Any

from fulfilment import commands
from fulfilment.adapters.dynamodb_sagas import DynamoDbSagas
from fulfilment.adapters.published_orders import OrdersStillPlaced
from fulfilment.adapters.state_machine import StateMachine
from fulfilment.environment import BusQueueEnvironment, StarterEnvironment
from fulfilment.handlers.storage import sagas
from orders_language.history import OrderHistory
from shared.messaging.bus_messages import from_bus, sources
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope
from shared.messaging.queue_consumer import QueueConsumer, Unusable
from shared.messaging.retries import Retries
from shared.runtime import aws, clock, log
from shared.runtime.environment import load
from shared.runtime.patterns import is_uuid
from shared.runtime.tracing.invocations import invocation

SCHEMA_VERSION = 2
"""Of OrderPlaced; a saga needs nothing of its data, and so nothing of it is upcast."""


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Start an execution for each order in a batch of SQS records."""
    return _consumer().handle(event)


@cache
def _consumer() -> QueueConsumer:
    queue, environment = load(BusQueueEnvironment), load(StarterEnvironment)
    start = partial(
        _start,
        sagas(environment),
        StateMachine(aws.client("stepfunctions"), environment.state_machine_arn),
        OrdersStillPlaced(
            OrderHistory(aws.brief_client("lambda"), environment.read_events_arn),
        ),
        environment.saga_deadline,
    )
    sqs = aws.client("sqs")
    return QueueConsumer(
        start,
        DeadLetters(sqs, queue.dead_letters_url),
        Retries(sqs, queue.queue_url, queue.queue_attempts),
        from_bus(sources(queue.message_sources)),
    )


def _start(
    store: DynamoDbSagas,
    executions: StateMachine,
    orders: OrdersStillPlaced,
    deadline: int,
    placed: Envelope,
) -> None:
    if placed.type != "OrderPlaced":
        raise Unusable(f"a saga begins with OrderPlaced, not {placed.type}")
    if placed.schema_version > SCHEMA_VERSION:
        raise Unusable(f"OrderPlaced of version {placed.schema_version}")
    if not is_uuid(placed.aggregate_id):
        raise Unusable("an order's id is a UUID")
    saga = commands.start_saga(store, executions, clock.now, deadline, placed, orders)
    log.info("saga started", order_id=saga.order_id, correlation_id=saga.context.correlation_id)
