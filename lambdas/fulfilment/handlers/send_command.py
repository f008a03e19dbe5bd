"""A step of the state machine: send its command, and keep who waits for the answer."""

from typing import Any

import msgspec

from fulfilment import commands
from fulfilment.adapters.owners_queues import OwnersQueues
from fulfilment.adapters.state_machine import StateMachine
from fulfilment.commands import StepRequest
from fulfilment.handlers.storage import sagas
from fulfilment.settings import for_owners, for_tokens
from shared.runtime import aws, clock


def handler(event: dict[str, Any], _context: Any) -> None:
    """The answer goes to the token, now or when the owner has replied."""
    settings = for_tokens()
    commands.send_command(
        sagas(settings),
        StateMachine(aws.client("stepfunctions")),
        OwnersQueues(aws.client("sqs"), for_owners().url_by_owner),
        clock.now,
        msgspec.convert(event, StepRequest),
    )
