"""A month's bill for somebody's own numbers: by service and part, with what is kept for longer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from contracts.product import PRODUCT
from tools.measure.costs.assumptions import Assumptions
from tools.measure.costs.idle import Idle
from tools.measure.costs.million import MILLION
from tools.measure.costs.prices import PriceList
from tools.measure.costs.survey import FEW, MANY, Survey

DAYS_A_MONTH = 30.4
MOST_LINES = 50
"""Of an order, as its form has it."""
BY_THE_CLOCK = ("s3-puts", "key-requests", "config-requests")
"""Prices of what comes by the hour while there are orders, however many: as with a million."""
AT_MOST = frozenset({"tables, stored", "archive, stored"})
"""Parts whose figure is a bound."""
GrowsWith = Literal["orders", "any orders", "orders and days of logs", "orders of all months"]
_KEPT: Mapping[str, tuple[str, str, GrowsWith, float]] = {
    "log-ingestion": ("logs, stored", "log-storage", "orders and days of logs", 1),
    "dynamodb-writes": ("tables, stored", "table-storage", "orders of all months", 1 / MILLION),
    "firehose-in": ("archive, stored", "object-storage", "orders of all months", 1),
}
"""What lies there after the months, by the price of what brought it, as so many GB of each: logs
for their days, tables and archive for ever. Each write unit leaves a KB at most. The archive has
each record of the log, uncompressed and rounded up.
"""


@dataclass(frozen=True)
class Numbers:
    """``lines`` of an order; logs are kept for ``log_days``; the system has run for ``months``."""

    orders: int
    lines: int = 3
    log_days: int = 30
    months: int = 12


@dataclass(frozen=True)
class Rate:
    """USD that one order of few lines and one of many come to. What lies between and beyond
    follows a straight line, never below nothing.
    """

    service: str
    part: str
    grows_with: GrowsWith
    few: float
    many: float

    def of(self, numbers: Numbers) -> float:
        """USD in a month with these numbers."""
        each = self.few + (self.many - self.few) * (numbers.lines - FEW) / (MANY - FEW)
        return max(each, 0.0) * self._times(numbers)

    def _times(self, numbers: Numbers) -> float:
        match self.grows_with:
            case "orders":
                return numbers.orders
            case "any orders":
                return 1 if numbers.orders else 0
            case "orders and days of logs":
                return numbers.orders * min(numbers.log_days / DAYS_A_MONTH, numbers.months)
            case "orders of all months":
                return numbers.orders * numbers.months


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
    for rate in rates(survey, prices, assumed):
        services[rate.service][rate.part] += rate.of(numbers)
    return Bill({name: dict(parts) for name, parts in sorted(services.items())}, AT_MOST)


def rates(survey: Survey, prices: PriceList, assumed: Assumptions) -> list[Rate]:
    """All that is paid for because of orders, for one of them.

    Raises:
        PriceListError: a price is not on the list.
    """
    found = []
    for key in sorted({*survey.few, *survey.many}):
        owner, part, price = key
        few, many = survey.few.get(key, 0.0), survey.many.get(key, 0.0)
        each = prices[price].of(1)
        if price in BY_THE_CLOCK:
            each *= assumed.orders
            found.append(Rate(owner, part, "any orders", few * each, many * each))
        else:
            found.append(Rate(owner, part, "orders", few * each, many * each))
        if price in _KEPT:
            part, stored, grows_with, size = _KEPT[price]
            each = prices[stored].of(size)
            found.append(Rate(owner, part, grows_with, few * each, many * each))
    return found


def _service(stack: str, environment: str) -> str:
    return stack.removeprefix(f"{PRODUCT}-").removeprefix(f"{environment}-")
