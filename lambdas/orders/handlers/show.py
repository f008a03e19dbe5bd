"""For operators that only look: how far the bus publisher is, and what it has parked."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from orders.adapters.bus_gate import Events, GateItems
from orders.environment import ShownEnvironment
from orders.handlers.publish_to_bus import CONSUMER
from shared.read_models import show
from shared.read_models.log_positions import LogPositions
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.projector import Checkpoint
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation


@dataclass(frozen=True)
class _Publisher:
    parked_records: ParkedRecords
    positions: LogPositions
    gate: GateItems
    consumer: str = CONSUMER

    def published(self, order_id: str) -> Checkpoint[Events] | None:
        return self.gate.load([order_id]).get(order_id)


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """See ``shared.read_models.show.answer``."""
    return show.answer(event, _publisher(), _publisher().published)


@cache
def _publisher() -> _Publisher:
    settings, client = load(ShownEnvironment), aws.client("dynamodb")
    parked = ParkedRecords(client, settings.parked_table, CONSUMER)
    return _Publisher(
        parked,
        LogPositions(client, settings.parked_table, CONSUMER),
        GateItems(client, settings.publisher_gate_table, parked),
    )
