"""An operator's command: resume the saga of an order that is stuck or was interrupted."""

from typing import Any

import msgspec

from fulfilment import commands
from fulfilment.adapters.state_machine import StateMachine
from fulfilment.environment import SagaEnvironment
from fulfilment.handlers.storage import sagas
from shared.runtime import aws, clock
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.tracing.invocations import invocation


class Resume(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request."""

    order_id: Uuid


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{order_id, execution}``: what was started.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
        SagaNotFound, SagaStillRunning: there is nothing to resume.
    """
    asked = msgspec.convert(event, Resume)
    environment = load(SagaEnvironment)
    saga = commands.resume(
        sagas(environment),
        StateMachine(aws.client("stepfunctions"), environment.state_machine_arn),
        clock.now,
        environment.saga_deadline,
        asked.order_id,
    )
    return {"order_id": saga.order_id, "execution": saga.execution_name}
