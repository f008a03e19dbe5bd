"""The carriers that can be asked, and which of them a parcel is for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be carried, and where to as coarsely as a carrier needs for a price."""

    weight_grams: int
    country: str
    postcode_area: str


@dataclass(frozen=True, slots=True)
class Tariff:
    """A carrier's price in minor units: a base, and so much for each kilogram begun."""

    base: int
    per_kg: int

    def price(self, weight_grams: int) -> int:
        """What a parcel of this weight costs."""
        return self.base + self.per_kg * ceil(weight_grams / 1000)


@dataclass(frozen=True, slots=True)
class Carrier:
    """One entry of the carrier list: limits that quote requests are filtered by, and a tariff.

    ``days`` holds the promise by country, ``tariff`` the prices by currency.
    """

    name: str
    least_grams: int
    most_grams: int
    days: Mapping[str, int]
    tariff: Mapping[str, Tariff]
    quotes_hold_minutes: int

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> "Carrier":
        """Read one entry of ``carriers.json``. Raises KeyError for what it lacks."""
        return cls(
            name=entry["name"],
            least_grams=entry["grams"]["from"],
            most_grams=entry["grams"]["to"],
            days=entry["days"],
            tariff={currency: Tariff(**prices) for currency, prices in entry["tariff"].items()},
            quotes_hold_minutes=entry["quotes_hold_minutes"],
        )

    def takes(self, parcel: Parcel, currency: str) -> bool:
        """Whether the filter on the carrier's queue lets a request for this parcel through."""
        return (
            self.least_grams <= parcel.weight_grams <= self.most_grams
            and parcel.country in self.days
            and currency in self.tariff
        )


def expected(carriers: Iterable[Carrier], parcel: Parcel, currency: str) -> tuple[str, ...]:
    """The names of the carriers whose queues get a request for this parcel, sorted."""
    return tuple(sorted(carrier.name for carrier in carriers if carrier.takes(parcel, currency)))


def reachable(carriers: Iterable[Carrier], country: str) -> bool:
    """Whether any carrier goes to this country at all."""
    return any(country in carrier.days for carrier in carriers)
