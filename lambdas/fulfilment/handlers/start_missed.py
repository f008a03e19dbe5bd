"""Every hour: start the sagas of orders that fulfilment has never heard of."""

from typing import Any

from fulfilment import commands
from fulfilment.adapters.published_orders import PublishedOrders
from fulfilment.adapters.state_machine import StateMachine
from fulfilment.environment import MissedEnvironment
from fulfilment.handlers.storage import sagas
from orders_language.history import OrderHistory
from shared.runtime import aws, clock
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation

OWNERS_TIMEOUT = 65
"""Seconds: a little longer than the longest that orders' functions may take."""
LONGEST_HOUR_MS = 4 * 60 * 1000
"""An hour's orders are not begun with less time than that."""


@invocation
def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    """``{started}``: how many sagas were missing."""
    environment = load(MissedEnvironment)
    functions = aws.patient_client("lambda", OWNERS_TIMEOUT)
    started = commands.start_missed(
        sagas(environment),
        StateMachine(aws.client("stepfunctions"), environment.state_machine_arn),
        PublishedOrders(
            functions,
            environment.list_events_arn,
            OrderHistory(functions, environment.read_events_arn),
        ),
        clock.now,
        environment.saga_deadline,
        lambda: context.get_remaining_time_in_millis() > LONGEST_HOUR_MS,
    )
    return {"started": started}
