"""A month's bill for somebody's own numbers: by service and part, with what is kept for longer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.product import PRODUCT
from tools.measure.costs.assumptions import Assumptions
from tools.measure.costs.idle import Idle
from tools.measure.costs.million import MILLION
from tools.measure.costs.prices import Charge, PriceList
from tools.measure.costs.survey import Survey

DAYS_A_MONTH = 30.4
BY_THE_CLOCK = ("s3-puts", "key-requests", "config-requests")
"""Prices of what comes by the hour while there are orders, however many: as with a million."""


@dataclass(frozen=True)
class Numbers:
    """``lines`` of an order; logs are kept for ``log_days``; the system has run for ``months``."""

    orders: int
    lines: int = 3
    log_days: int = 30
    months: int = 12


@dataclass(frozen=True)
class Bill:
    """USD a month by service and part; ``at_most`` are parts whose figure is a bound."""

    services: Mapping[str, Mapping[str, float]]
    at_most: frozenset[str]

    @property
    def parts(self) -> dict[str, float]:
        """What is paid for, dearest first."""
        totals: dict[str, float] = defaultdict(float)
        for parts in self.services.values():
            for part, usd in parts.items():
                totals[part] += usd
        return dict(sorted(totals.items(), key=lambda it: -it[1]))

    @property
    def total(self) -> float:
        """USD."""
        return sum(self.parts.values())


def bill(
    idle: Idle,
    environment: str,
    survey: Survey,
    numbers: Numbers,
    prices: PriceList,
    assumed: Assumptions,
) -> Bill:
    """Reckon it. Nothing is free: free tiers are left out.

    Raises:
        PriceListError: a price is not on the list.
    """
    services: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for stack, parts in idle.stacks.items():
        for part, usd in parts.items():
            services[_service(stack, environment)][f"{part} (idle)"] += usd
    order = survey.order(numbers.lines)
    for charge in order:
        month = charge.quantity * _times(charge, numbers, assumed)
        services[charge.owner][charge.part] += prices[charge.price].of(month)
    for charge in _kept(order, numbers):
        services[charge.owner][charge.part] += prices.cost([charge])
    return Bill(
        {name: dict(parts) for name, parts in sorted(services.items())},
        frozenset({"tables, stored", "archive, stored"}),
    )


def _service(stack: str, environment: str) -> str:
    return stack.removeprefix(f"{PRODUCT}-").removeprefix(f"{environment}-")


def _times(charge: Charge, numbers: Numbers, assumed: Assumptions) -> float:
    if charge.price in BY_THE_CLOCK:
        return assumed.orders if numbers.orders else 0
    return numbers.orders


def _kept(order: list[Charge], numbers: Numbers) -> list[Charge]:
    """What lies there after the months: logs for their days, tables and archive for ever.

    Each write unit leaves a KB at most. The archive has each record of the log, uncompressed and
    rounded up.
    """
    months = numbers.log_days / DAYS_A_MONTH
    stored = []
    for charge in order:
        each = charge.quantity * numbers.orders
        if charge.price == "log-ingestion":
            kept = each * min(months, numbers.months)
            stored.append(Charge("logs, stored", "log-storage", kept, charge.owner))
        elif charge.price == "dynamodb-writes":
            size = each / MILLION * numbers.months
            stored.append(Charge("tables, stored", "table-storage", size, charge.owner))
        elif charge.price == "firehose-in":
            size = each * numbers.months
            stored.append(Charge("archive, stored", "object-storage", size, charge.owner))
    return stored
