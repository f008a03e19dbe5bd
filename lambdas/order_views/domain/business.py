"""What became of orders, in numbers of the business; the standard library alone."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from order_views.domain.order_view import OrderView

CURRENCIES = ("EUR", "GBP", "USD")
REASONS = ("no-quotes", "out-of-stock", "payment-declined")
OTHER = "other"
"""What is on no list: each value of a dimension is a metric that costs by the month."""
COUNTED = {
    "confirmed": "OrdersConfirmed",
    "rejected": "OrdersRejected",
    "cancelled": "OrdersCancelled",
}
Step = tuple[OrderView | None, OrderView | None]
"""A view before and after."""


@dataclass
class Tally:
    """What some steps of orders' views add up to.

    ``counts`` are by metric, ``rejected`` by reason, ``values`` of placed orders by currency, in
    its minor units; ``seconds`` is how long each confirmed order took.
    """

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rejected: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    values: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    seconds: list[float] = field(default_factory=list)


def tally(steps: Iterable[Step]) -> Tally:
    """Count what each step has brought; one step may bring more than one thing."""
    found = Tally()
    for before, after in steps:
        if after is None:
            continue
        if before is None:
            found.counts["OrdersPlaced"] += 1
            found.values[_among(after.currency, CURRENCIES)].append(after.total)
        if after.status not in COUNTED or (before is not None and before.status == after.status):
            continue
        if after.status == "rejected":
            found.rejected[_among(after.reason, REASONS)] += 1
            continue
        found.counts[COUNTED[after.status]] += 1
        if after.status == "confirmed":
            found.seconds.append(_seconds(after.placed_at, after.updated_at))
    return found


def _among(value: str | None, known: tuple[str, ...]) -> str:
    return value if value in known else OTHER


def _seconds(placed_at: str, confirmed_at: str) -> float:
    took = datetime.fromisoformat(confirmed_at) - datetime.fromisoformat(placed_at)
    return max(0.0, round(took.total_seconds(), 3))
