"""Sales by UTC day and currency: a confirmed order is one sale."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale: ``amount`` in minor units of ``currency``, on the UTC day of its confirmation."""

    day: str
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class DayTotal:
    """All sales of a day in one currency; ``amount`` in minor units."""

    day: str
    currency: str
    orders: int
    amount: int


def fold(
    sales: tuple[Sale, ...] | None, event_type: str, occurred_at: str, data: Mapping[str, Any]
) -> tuple[Sale, ...]:
    """The sales that an order has led to, after one more of its events.

    Raises:
        KeyError: the data is not of the event's schema.
        ValueError: the amount is not a whole number, or the day is no day.
    """
    sold = sales or ()
    if event_type != "OrderConfirmed":
        return sold
    amount, day = data["total"], occurred_at[:10]
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise ValueError(f"total must be a whole number, not {type(amount).__name__}")
    if len(day) != 10:
        raise ValueError("occurred_at names no day")
    return (*sold, Sale(day, data["currency"], amount))
