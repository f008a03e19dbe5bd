"""Every few minutes: resume sagas whose order waits too long without a running execution."""

from typing import Any

import msgspec

from fulfilment import commands
from fulfilment.adapters.state_machine import StateMachine
from fulfilment.environment import SagaEnvironment
from fulfilment.handlers.storage import sagas
from shared.runtime import aws, clock
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation


class Sweep(msgspec.Struct, frozen=True):
    """``due_before`` (RFC 3339, UTC) lets an operator sweep sagas before they are overdue."""

    due_before: str | None = None


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{resumed}``: how many sagas go on."""
    asked = msgspec.convert(event, Sweep)
    environment = load(SagaEnvironment)
    resumed = commands.sweep(
        sagas(environment),
        StateMachine(aws.client("stepfunctions"), environment.state_machine_arn),
        clock.now,
        environment.saga_deadline,
        asked.due_before or clock.now(),
    )
    return {"resumed": resumed}
