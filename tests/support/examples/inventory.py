"""Reservations and messages that inventory's tests share."""

import uuid
from typing import Any

from inventory.domain.reservation import Line, MessageContext, Reservation
from shared.messaging.envelope import Envelope

NOON = "2026-12-01T12:00:00.000Z"
ONE = "2026-12-01T13:00:00.000Z"
TWO = "2026-12-01T14:00:00.000Z"
CONTEXT = MessageContext(
    "00000000-0000-4000-8000-00000000000c",
    f"00-{'a' * 32}-{'b' * 16}-01",
    "00000000-0000-4000-8000-0000000000cd",
)


def new_id() -> str:
    return str(uuid.uuid4())


def new_sku() -> str:
    """A product that no other test sells."""
    return f"SKU-{uuid.uuid4().hex[:12]}"


def held(order_id: str, *lines: Line, until: str = ONE) -> Reservation:
    return Reservation.hold(order_id, lines, until, CONTEXT)


def command(kind: str, order_id: str, **data: Any) -> Envelope:
    """A command as fulfilment sends it: its id follows from the order and the step."""
    return Envelope(
        event_id=str(uuid.uuid5(uuid.UUID(order_id), kind)),
        type=kind,
        schema_version=1,
        aggregate_type="order",
        aggregate_id=order_id,
        version=None,
        occurred_at=NOON,
        correlation_id=CONTEXT.correlation_id,
        causation_id=CONTEXT.command_id,
        traceparent=CONTEXT.traceparent,
        data={"order_id": order_id, **data},
    )
