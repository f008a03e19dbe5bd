"""The state machine's last resort: say what could not be undone."""

from typing import Any

import msgspec

from fulfilment import commands
from fulfilment.commands import Stuck
from fulfilment.handlers.storage import sagas
from fulfilment.settings import for_bus, for_tokens
from shared.messaging.bus import Bus
from shared.runtime import aws, clock


def handler(event: dict[str, Any], _context: Any) -> None:
    """FulfilmentStuck goes to the bus, and from there to the operators' queue."""
    settings = for_tokens()
    commands.report_stuck(
        sagas(settings),
        Bus(aws.client("events"), for_bus().bus_name, "fulfilment"),
        clock.now,
        msgspec.convert(event, Stuck),
    )
