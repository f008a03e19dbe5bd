"""The order as its customer sees it: a fold of the order's events."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order. Money in integer minor units of ``currency``; times in RFC 3339 UTC."""

    order_id: str
    version: int
    customer_id: str
    status: str
    currency: str
    total: int
    lines: tuple[Mapping[str, Any], ...]
    ship_to: Mapping[str, str]
    placed_at: str
    updated_at: str
    reason: str | None = None
    gift: Mapping[str, str | None] | None = None


STATUS_AFTER = {
    "OrderConfirmed": "confirmed",
    "OrderRejected": "rejected",
    "OrderCancelled": "cancelled",
}


def fold(
    view: OrderView | None,
    event_type: str,
    order_id: str,
    version: int,
    occurred_at: str,
    data: Mapping[str, Any],
) -> OrderView:
    """The view after one more event.

    Raises:
        KeyError, TypeError: the data is not of the event's schema, or the type is not an order's.
        ValueError: the order's first event is not the one that begins an order.
    """
    if event_type == "OrderPlaced":
        return OrderView(
            order_id=order_id,
            version=version,
            customer_id=data["customer_id"],
            status="placed",
            currency=data["currency"],
            total=data["total"],
            lines=tuple(data["lines"]),
            ship_to=data["ship_to"],
            placed_at=occurred_at,
            updated_at=occurred_at,
            gift=data["gift"],
        )
    if view is None:
        raise ValueError(f"an order's history cannot begin with {event_type}")
    return replace(
        view,
        version=version,
        status=STATUS_AFTER[event_type],
        updated_at=occurred_at,
        reason=data.get("reason"),
    )
