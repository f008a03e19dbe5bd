"""CommandReplied from the bus: keep the answer, and let the execution that waits go on."""

from functools import cache, partial
from typing import Any, Literal

import msgspec

from fulfilment import commands
from fulfilment.adapters.state_machine import StateMachine
from fulfilment.environment import BusQueueEnvironment, TokenEnvironment
from fulfilment.handlers.storage import sagas
from fulfilment.ports import Executions, SagaStore, UnknownCommand
from shared.messaging.bus_messages import from_bus, sources
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope
from shared.messaging.queue_consumer import QueueConsumer, Unusable
from shared.messaging.retries import Retries
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.product import source_of
from shared.runtime.tracing.invocations import invocation

SCHEMA_VERSION = 1


class CommandReplied(msgspec.Struct, frozen=True):
    """What an answer must have."""

    order_id: str
    command_id: str
    outcome: Literal["done", "refused", "failed"]
    reason: str | None = None
    data: dict[str, Any] | None = None


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Take a batch of replies."""
    return _consumer().handle(event)


@cache
def _consumer() -> QueueConsumer:
    queue, environment = load(BusQueueEnvironment), load(TokenEnvironment)
    sqs = aws.client("sqs")
    return QueueConsumer(
        partial(
            take,
            sagas(environment),
            StateMachine(aws.client("stepfunctions")),
        ),
        DeadLetters(sqs, queue.dead_letters_url),
        Retries(sqs, queue.queue_url, queue.queue_attempts),
        from_bus(sources(queue.message_sources), source_of_owner),
    )


def source_of_owner(reply: Envelope) -> str | None:
    """A command is answered by the service that it was sent to, and by nobody else."""
    owner = commands.owner_asked(reply.data.get("order_id"), reply.data.get("command_id"))
    return source_of(owner) if owner else None


def take(store: SagaStore, executions: Executions, message: Envelope) -> None:
    """Take one reply. Raises Unusable: it is none, or answers nothing that was asked."""
    if message.type != "CommandReplied":
        raise Unusable(f"a reply is a CommandReplied, not {message.type}")
    if message.schema_version > SCHEMA_VERSION:
        raise Unusable(f"CommandReplied of version {message.schema_version}")
    try:
        msgspec.convert(message.data, CommandReplied)
    except msgspec.ValidationError as invalid:
        raise Unusable(f"not a reply: {invalid}") from invalid
    try:
        command = commands.take_reply(store, executions, message)
    except UnknownCommand as unknown:
        log.metric("RepliesToUnknownCommands", 1)
        raise Unusable(f"a reply to an unknown command: {unknown}") from unknown
    log.info(
        "reply taken",
        order_id=command.order_id,
        step=command.step,
        outcome=message.data["outcome"],
        reason=message.data.get("reason"),
        correlation_id=message.correlation_id,
    )
