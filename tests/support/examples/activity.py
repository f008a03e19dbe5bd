"""Messages that the bus carried, as the console keeps them."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from console.domain.activity import Activity
from shared.runtime import clock

ORDER = "0d2f6b0e-8a1d-4c58-9d4e-0a5f5b6d7c81"
NOON = clock.parse_time("2026-12-01T12:00:00.000Z")
HEARD = Activity(
    id="11111111-1111-4111-8111-111111111111",
    type="OrderPlaced",
    kind="event",
    service="orders",
    order_id=ORDER,
    version=1,
    occurred_at="2026-12-01T11:59:59.000Z",
    recorded_at="2026-12-01T11:59:59.500Z",
    correlation_id="22222222-2222-4222-8222-222222222222",
    causation_id=None,
    outcome=None,
    reason=None,
)


def heard(recorded_at: datetime, type: str = "StockReserved") -> Activity:
    """A message about no order that the console got then."""
    at = clock.format_time(recorded_at)
    return replace(
        HEARD,
        id=str(uuid.uuid4()),
        type=type,
        kind="integration_event",
        order_id=None,
        version=None,
        occurred_at=at,
        recorded_at=at,
    )
