"""Messages about orders: commands and integration events of whichever service speaks of one."""

from collections.abc import Mapping
from typing import Any

from orders_language.schemas import ORDER
from shared.messaging.envelope import Envelope


def about_order(
    type: str,
    order_id: str,
    data: Mapping[str, Any],
    *,
    event_id: str,
    occurred_at: str,
    correlation_id: str,
    causation_id: str | None,
    traceparent: str,
) -> Envelope:
    """A command or an integration event; its data carries the order's id."""
    return Envelope(
        event_id=event_id,
        type=type,
        schema_version=1,
        aggregate_type=ORDER,
        aggregate_id=order_id,
        version=None,
        occurred_at=occurred_at,
        correlation_id=correlation_id,
        causation_id=causation_id,
        traceparent=traceparent,
        data={"order_id": order_id, **data},
    )


def partition_key(message: Envelope) -> str:
    """All messages about an order share a shard of the log, whoever speaks of it."""
    order_id = message.data.get("order_id")
    return order_id if isinstance(order_id, str) and order_id else message.aggregate_id
