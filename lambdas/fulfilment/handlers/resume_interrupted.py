"""An execution failed, timed out or was aborted: the saga goes on by itself."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from fulfilment import commands
from fulfilment.adapters.state_machine import StateMachine
from fulfilment.environment import QueueEnvironment, SagaEnvironment
from fulfilment.handlers.storage import sagas
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.retries import Retries, failures_of
from shared.messaging.sqs_batch import settle_each
from shared.runtime import aws, clock, log
from shared.runtime.environment import load
from shared.runtime.patterns import UUID
from shared.runtime.tracing.invocations import invocation


class Interruption(msgspec.Struct, frozen=True):
    """What Step Functions tells the default bus, as far as it matters here."""

    name: Annotated[str, msgspec.Meta(pattern=rf"^{UUID}(\.[0-9]{{1,9}})?\Z")]
    """The order, and from the second on the attempt; others have nothing to do with a saga."""
    status: str


class StatusChange(msgspec.Struct, frozen=True):
    """The whole event, as the queue has it."""

    source: Literal["aws.states"]
    detail: Interruption


_change = msgspec.json.Decoder(StatusChange)


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Resume the saga of each execution in a batch of SQS records."""
    return settle_each(event, _settled, _retries())


def _retries() -> Retries:
    queue = load(QueueEnvironment)
    return Retries(aws.client("sqs"), queue.queue_url, queue.queue_attempts)


def _settled(record: Mapping[str, Any]) -> bool:
    queue, environment = load(QueueEnvironment), load(SagaEnvironment)
    dead_letters = DeadLetters(aws.client("sqs"), queue.dead_letters_url)
    try:
        interruption = _change.decode(record["body"]).detail
    except (msgspec.DecodeError, UnicodeError, RecursionError) as malformed:
        dead_letters.park(record["body"], f"not a status event: {malformed}", "fulfilment")
        return True
    log.warning("execution interrupted", execution=interruption.name, status=interruption.status)
    try:
        commands.resume_interrupted(
            sagas(environment),
            StateMachine(aws.client("stepfunctions"), environment.state_machine_arn),
            clock.now,
            environment.saga_deadline,
            interruption.name,
        )
    except Exception as error:
        log.error("saga not resumed", execution=interruption.name, error=type(error).__name__)
        if not _retries().are_used_up(record):
            return False
        reason = f"failed {failures_of(record) + 1} times, last with {type(error).__name__}"
        dead_letters.park(record["body"], reason, "fulfilment")
    return True
