"""The state machine's last resort: say what could not be undone."""

from dataclasses import replace
from typing import Any

import msgspec

from fulfilment import commands
from fulfilment.commands import Stuck
from fulfilment.environment import BusEnvironment, TokenEnvironment
from fulfilment.handlers.steps import step
from fulfilment.handlers.storage import sagas
from shared.messaging.bus import Bus
from shared.runtime import aws, clock
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation
from shared.runtime.tracing.spans import INTERNAL


@invocation
def handler(event: dict[str, Any], _context: Any) -> None:
    """FulfilmentStuck goes to the bus, and from there to the operators' queue."""
    environment = load(TokenEnvironment)
    stuck = msgspec.convert(event, Stuck)
    with step("report stuck saga", INTERNAL, stuck.journey) as journey:
        commands.report_stuck(
            sagas(environment),
            Bus(aws.client("events"), load(BusEnvironment).bus_name, "fulfilment"),
            clock.now,
            replace(stuck, journey=journey),
        )
