"""Once a minute: gives back stock that was held for too long, and says so on the bus."""

import uuid
from functools import cache
from typing import Any

from inventory import commands
from inventory.adapters.dynamodb_warehouse import DynamoDbWarehouse
from inventory.domain.reservation import Reservation
from inventory.environment import ExpiryEnvironment
from orders_language.messages import about_order
from shared.messaging.bus import Bus
from shared.messaging.envelope import Envelope
from shared.runtime import aws, clock, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation


@invocation
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Release what has expired by now; answers ``{"expired": count}``."""
    count = commands.release_expired(
        _warehouse(), clock.now(), lambda reservation: _bus().put([stock_released(reservation)])
    )
    if count:
        log.warning("reservations expired", count=count)
    log.metric("ReservationsExpired", count)
    return {"expired": count}


def stock_released(reservation: Reservation) -> Envelope:
    """The integration event that a reservation expired; its id follows from the order's."""
    return about_order(
        "StockReleased",
        reservation.order_id,
        {
            "cause": "expired",
            "lines": [{"sku": line.sku, "quantity": line.quantity} for line in reservation.lines],
        },
        event_id=str(uuid.uuid5(uuid.UUID(reservation.order_id), "stock-expired")),
        occurred_at=clock.now(),
        correlation_id=reservation.context.correlation_id,
        causation_id=reservation.context.command_id,
        traceparent=reservation.context.traceparent,
    )


@cache
def _warehouse() -> DynamoDbWarehouse:
    environment = load(ExpiryEnvironment)
    return DynamoDbWarehouse(
        aws.client("dynamodb"), environment.stock_table, environment.reservations_table
    )


@cache
def _bus() -> Bus:
    return Bus(aws.client("events"), load(ExpiryEnvironment).bus_name, "inventory")
