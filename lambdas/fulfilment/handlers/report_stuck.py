"""The state machine's last resort: say what could not be undone."""

from typing import Any

import msgspec

from fulfilment import commands
from fulfilment.adapters.dynamodb_sagas import DynamoDbSagas
from fulfilment.commands import Stuck
from fulfilment.settings import for_bus, for_tokens
from shared import aws, clock
from shared.bus import Bus


def handler(event: dict[str, Any], _context: Any) -> None:
    """FulfilmentStuck goes to the bus, and from there to the operators' queue."""
    settings = for_tokens()
    commands.report_stuck(
        DynamoDbSagas(aws.client("dynamodb"), settings.sagas_table, settings.open_sagas_index),
        Bus(aws.client("events"), for_bus().bus_name, "fulfilment"),
        clock.now,
        msgspec.convert(event, Stuck),
    )
