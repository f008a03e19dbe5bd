"""OrderPlaced from the bus: the order's saga begins."""

from functools import cache, partial
from typing import Any

from fulfilment import commands
from fulfilment.adapters.dynamodb_sagas import DynamoDbSagas
from fulfilment.adapters.state_machine import StateMachine
from fulfilment.environment import BusQueueEnvironment, SagaEnvironment
from fulfilment.handlers.storage import sagas
from shared.messaging.bus_messages import from_bus, sources
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope
from shared.messaging.queue_consumer import QueueConsumer, Unusable
from shared.messaging.retries import Retries
from shared.runtime import aws, clock, log
from shared.runtime.environment import load
from shared.runtime.tracing import is_uuid

SCHEMA_VERSION = 1


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Start an execution for each order in a batch of SQS records."""
    return _consumer().handle(event)


@cache
def _consumer() -> QueueConsumer:
    queue, environment = load(BusQueueEnvironment), load(SagaEnvironment)
    start = partial(
        _start,
        sagas(environment),
        StateMachine(aws.client("stepfunctions"), environment.state_machine_arn),
        environment.saga_deadline,
    )
    sqs = aws.client("sqs")
    return QueueConsumer(
        start,
        DeadLetters(sqs, queue.dead_letters_url),
        Retries(sqs, queue.queue_url, queue.queue_attempts),
        from_bus(sources(queue.message_sources)),
    )


def _start(store: DynamoDbSagas, executions: StateMachine, deadline: int, placed: Envelope) -> None:
    if placed.type != "OrderPlaced":
        raise Unusable(f"a saga begins with OrderPlaced, not {placed.type}")
    if placed.schema_version > SCHEMA_VERSION:
        raise Unusable(f"OrderPlaced of version {placed.schema_version}")
    if not is_uuid(placed.aggregate_id):
        raise Unusable("an order's id is a UUID")
    saga = commands.start_saga(store, executions, clock.now, deadline, placed)
    log.info("saga started", order_id=saga.order_id, correlation_id=saga.context.correlation_id)
