"""The list of prices, and what a quantity of something costs by it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, cast

from tools.measure.costs.errors import PriceListError

FILE = Path(__file__).with_name("prices.toml")
OLD = timedelta(days=180)
TOO_OLD = timedelta(days=365)
"""After how long a price is to be read again, and after how long nothing is reckoned by it."""
_FIELDS = {"usd", "per", "unit", "source", "checked"}


@dataclass(frozen=True, slots=True)
class Price:
    """``usd`` buys ``per`` of ``unit``; ``seen`` is where it was read if ``checked`` is page."""

    name: str
    usd: float
    per: float
    unit: str
    source: str
    checked: Literal["page", "memory"]
    seen: str | None = None

    def of(self, quantity: float) -> float:
        """What that many cost, in USD."""
        return self.usd * quantity / self.per


@dataclass(frozen=True, slots=True)
class Charge:
    """So much of something: ``part`` and ``owner`` say on which rows of a report it belongs."""

    part: str
    price: str
    quantity: float
    owner: str = ""


@dataclass(frozen=True)
class PriceList:
    """Prices by name, of one region, as they were on one day."""

    region: str
    read_on: date
    prices: Mapping[str, Price]

    def cost(self, charges: Iterable[Charge]) -> float:
        """USD for all of them together.

        Raises:
            PriceListError: there is no price of that name.
        """
        return sum(self[charge.price].of(charge.quantity) for charge in charges)

    def warning(self, today: date) -> str:
        """What to say of the list's age, or nothing while it is young.

        Raises:
            PriceListError: it is older than a year, or was read in the future.
        """
        age = today - self.read_on
        if age > TOO_OLD:
            raise PriceListError(
                f"the prices were read on {self.read_on}, {age.days} days ago: read them again "
                f"and put the day into {FILE.name}; after {TOO_OLD.days} days nothing is reckoned"
            )
        if age < timedelta(0):
            raise PriceListError(f"the prices cannot have been read on {self.read_on}: {today} is")
        if age > OLD:
            return f"the prices are {age.days} days old: read them again, see {FILE.name}"
        return ""

    def __getitem__(self, name: str) -> Price:
        try:
            return self.prices[name]
        except KeyError:
            raise PriceListError(f"{FILE.name} has no price {name!r}") from None


def read(file: Path = FILE) -> PriceList:
    """The list, checked.

    Raises:
        PriceListError: an entry lacks something or has something that does not belong there.
    """
    document = tomllib.loads(file.read_text())
    entries = document.get("prices", {})
    prices = {name: _price(name, entry) for name, entry in entries.items()}
    if not isinstance(document.get("region"), str) or type(document.get("read_on")) is not date:
        raise PriceListError(f"{file.name} says neither for which region nor as of which day")
    return PriceList(document["region"], document["read_on"], prices)


def _price(name: str, entry: Mapping[str, Any]) -> Price:
    wanted = _FIELDS | ({"seen"} if entry.get("checked") == "page" else set())
    if entry.keys() != wanted:
        odd = ", ".join(sorted(entry.keys() ^ wanted))
        raise PriceListError(f"price {name}: missing, or not expected: {odd}")
    if entry["checked"] not in ("page", "memory"):
        raise PriceListError(f"price {name}: checked is page or memory, not {entry['checked']!r}")
    for field in ("usd", "per"):
        if type(entry[field]) not in (int, float) or not entry[field] > 0:
            raise PriceListError(f"price {name}: {field} must be a number greater than 0")
    for field in wanted & {"source", "seen"}:
        if not str(entry[field]).startswith("https://"):
            raise PriceListError(f"price {name}: {field} must be an address")
    return Price(name, **cast(dict[str, Any], entry))
