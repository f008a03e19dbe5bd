"""A step of the state machine: send its command, and keep who waits for the answer."""

from dataclasses import replace
from typing import Any

import msgspec

from fulfilment import commands
from fulfilment.adapters.owners_queues import OwnersQueues
from fulfilment.adapters.state_machine import StateMachine
from fulfilment.commands import StepRequest
from fulfilment.environment import OwnerEnvironment, TokenEnvironment
from fulfilment.handlers.steps import step
from fulfilment.handlers.storage import sagas
from shared.runtime import aws, clock
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation
from shared.runtime.tracing.spans import PRODUCER


@invocation
def handler(event: dict[str, Any], _context: Any) -> None:
    """The answer goes to the token, now or when the owner has replied."""
    environment = load(TokenEnvironment)
    asked = msgspec.convert(event, StepRequest)
    with step(f"send {asked.step}", PRODUCER, asked.journey) as journey:
        commands.send_command(
            sagas(environment),
            StateMachine(aws.client("stepfunctions")),
            OwnersQueues(aws.client("sqs"), load(OwnerEnvironment).url_by_owner),
            clock.now,
            replace(asked, journey=journey),
        )
