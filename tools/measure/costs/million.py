"""From counted orders to a million: what they cost by part and by service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tools.measure.costs.prices import Charge, PriceList

MILLION = 1_000_000
OBSERVING = ("logs", "traces")
MOST_OBSERVING = 0.15
"""The share of a million orders' price that may be spent on seeing what happens to them."""


@dataclass(frozen=True, slots=True)
class Row:
    """``each`` is the quantity for one order, ``usd`` the price of a million."""

    name: str
    each: float
    unit: str
    usd: float


def by_part(charges: Iterable[Charge], orders: int, prices: PriceList) -> list[Row]:
    """A row for each part and price, dearest first."""
    quantities: dict[tuple[str, str], float] = defaultdict(float)
    for charge in charges:
        quantities[charge.part, charge.price] += charge.quantity / orders
    rows = [
        Row(part, each, prices[price].unit, prices[price].of(each * MILLION))
        for (part, price), each in quantities.items()
    ]
    return sorted(rows, key=lambda row: (-row.usd, row.name))


def by_owner(charges: Iterable[Charge], orders: int, prices: PriceList) -> dict[str, float]:
    """USD for a million orders by the service that spends it, dearest first."""
    totals: dict[str, float] = defaultdict(float)
    for charge in charges:
        totals[charge.owner] += prices.cost([charge]) * MILLION / orders
    return dict(sorted(totals.items(), key=lambda it: -it[1]))


def observing(rows: Iterable[Row]) -> float:
    """The share of logs and traces in what a million orders cost."""
    listed = list(rows)
    return sum(it.usd for it in listed if it.name in OBSERVING) / total(listed)


def total(rows: Iterable[Row]) -> float:
    """USD."""
    return sum(row.usd for row in rows)
