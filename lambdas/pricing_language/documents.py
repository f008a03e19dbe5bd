"""What changes in pricing while it runs: prices, discounts, and how long an offer holds."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec

from shared.runtime.configuration import Profile, Violation

LIST_PRICES: Mapping[str, Mapping[str, int]] = {
    "MUG-BLUE": {"EUR": 1290, "GBP": 1090, "USD": 1390},
    "MUG-RED": {"EUR": 1290, "GBP": 1090, "USD": 1390},
    "TEAPOT-IRON": {"EUR": 5490, "GBP": 4790, "USD": 5990},
    "TEA-ASSAM": {"EUR": 890, "GBP": 790, "USD": 990},
    "TEA-SENCHA": {"EUR": 1190, "GBP": 990, "USD": 1290},
    "KETTLE-STEEL": {"EUR": 4590, "GBP": 3990, "USD": 4990},
    "TABLE-OAK": {"EUR": 24900, "GBP": 21900, "USD": 26900},
}
"""The packaged list, in minor units by SKU and ISO 4217 code: a document may set other prices.

Orders has the same list, and takes a quote only where it lowers a price."""
MOST_BASIS_POINTS = 3000
"""The floor of all prices: no discount takes more than 30 % off."""
MOST_MINOR_UNITS = 10_000_000
MAX_QUANTITY = 99

Price = Annotated[int, msgspec.Meta(ge=1, le=MOST_MINOR_UNITS)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Prices and times."""

    prices: dict[str, dict[str, Price]] = {}
    """By SKU and currency, in minor units; what is not named costs what the packaged list says."""
    quote_valid_seconds: Annotated[int, msgspec.Meta(ge=60, le=3600)] = 300
    """For how many seconds an offer holds: a minute at least, as clocks of two services differ."""


class VolumeDiscount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A discount for whoever takes many of one product."""

    enabled: bool = False
    """Whether anybody gets it."""
    from_quantity: Annotated[int, msgspec.Meta(ge=2, le=MAX_QUANTITY)] = 10
    """The smallest quantity in a line that gets it."""
    basis_points: Annotated[int, msgspec.Meta(ge=0)] = 500
    """By how many hundredths of a percent the line's unit price is lowered."""


class Flags(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The feature flags."""

    volume_discount: VolumeDiscount = VolumeDiscount()
    """The discount by quantity."""


def _prices_are_of_what_is_sold(settings: Settings) -> Iterable[Violation]:
    for sku, prices in settings.prices.items():
        if sku not in LIST_PRICES:
            yield Violation(f"/prices/{sku}", "a SKU of the packaged list", sku)
            continue
        for currency in prices:
            if currency not in LIST_PRICES[sku]:
                rule = "a currency of the packaged list"
                yield Violation(f"/prices/{sku}/{currency}", rule, currency)


def _prices_keep_their_floor(flags: Flags) -> Iterable[Violation]:
    lowered_by = flags.volume_discount.basis_points
    if lowered_by > MOST_BASIS_POINTS:
        yield Violation(
            "/volume-discount/basis_points",
            f"no discount beyond {MOST_BASIS_POINTS} basis points, the floor of all prices",
            lowered_by,
        )


SETTINGS = Profile("settings", Settings, check=_prices_are_of_what_is_sold)
FLAGS = Profile("flags", Flags, check=_prices_keep_their_floor)
PROFILES: tuple[Profile[Any], ...] = (SETTINGS, FLAGS)
