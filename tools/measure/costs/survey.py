"""What one order is billed as, by its number of lines: counted once, kept for the calculator."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tools.measure.costs.errors import CostError
from tools.measure.costs.prices import Charge

FILE = Path(__file__).with_name("counted.json")
FEW, MANY = 1, 3
"""Lines of the orders that are counted. What lies between and beyond follows a straight line."""


@dataclass(frozen=True)
class Survey:
    """``few`` and ``many`` have the quantities of one order by service, part and price."""

    counted_on: date
    few: Mapping[tuple[str, str, str], float]
    many: Mapping[tuple[str, str, str], float]

    def order(self, lines: int) -> list[Charge]:
        """What one order of so many lines is billed as; no quantity is below nothing."""
        charges = []
        for key in sorted({*self.few, *self.many}):
            owner, part, price = key
            few, many = self.few.get(key, 0.0), self.many.get(key, 0.0)
            each = few + (many - few) * (lines - FEW) / (MANY - FEW)
            charges.append(Charge(part, price, max(each, 0.0), owner))
        return charges


def written(
    day: date, few: Iterable[Charge], many: Iterable[Charge], orders: tuple[int, int]
) -> str:
    """The file, from what so many orders of each kind were billed as."""
    return (
        json.dumps(
            {
                "counted_on": day.isoformat(),
                str(FEW): _each(few, orders[0]),
                str(MANY): _each(many, orders[1]),
            },
            indent=1,
        )
        + "\n"
    )


def read(file: Path = FILE) -> Survey:
    """What was counted last.

    Raises:
        CostError: it was never counted, or the file is no such record.
    """
    try:
        told = json.loads(file.read_text("utf-8"))
        return Survey(
            date.fromisoformat(told["counted_on"]),
            _by_key(told[str(FEW)]),
            _by_key(told[str(MANY)]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CostError(
            f"{file.name} cannot be read ({error}): `make costs ORDERS=20` counts it again"
        ) from error


def _each(charges: Iterable[Charge], orders: int) -> list[list[str | float]]:
    sums: dict[tuple[str, str, str], float] = defaultdict(float)
    for it in charges:
        sums[it.owner, it.part, it.price] += it.quantity / orders
    return [[*key, float(f"{each:.6g}")] for key, each in sorted(sums.items())]


def _by_key(rows: list[list[str | float]]) -> dict[tuple[str, str, str], float]:
    found = {(str(owner), str(part), str(price)): float(each) for owner, part, price, each in rows}
    if any(each < 0 for each in found.values()):
        raise ValueError("a quantity is negative")
    return found
