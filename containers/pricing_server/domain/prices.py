"""Prices in force, discounts, and the offer that is made from them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pricing_server.domain.errors import Invalid, WrongField

MAX_LINES = 50
"""Orders takes no more."""
MAX_QUANTITY = 99
LONGEST_ID = 128
_HUNDRED_PERCENT = 10_000


@dataclass(frozen=True, slots=True)
class Discount:
    """For lines of at least ``from_quantity``; in hundredths of a percent. None of 0."""

    from_quantity: int = 0
    basis_points: int = 0


@dataclass(frozen=True, slots=True)
class PriceList:
    """What is in force: minor units by SKU and currency. ``revision`` grows with each change."""

    prices: Mapping[str, Mapping[str, int]]
    discount: Discount = Discount()
    valid_seconds: int = 300
    revision: int = 1
    currencies: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        found = frozenset(it for by_currency in self.prices.values() for it in by_currency)
        object.__setattr__(self, "currencies", found)  # once, and not for each call


@dataclass(frozen=True, slots=True)
class Line:
    """What is wanted."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class OfferedLine:
    """With its price in minor units."""

    sku: str
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class Offer:
    """Prices for one customer; it holds for ``valid_seconds``."""

    customer_id: str
    lines: tuple[OfferedLine, ...]
    currency: str
    valid_seconds: int

    @property
    def total(self) -> int:
        """In minor units."""
        return sum(it.quantity * it.unit_price for it in self.lines)


def offer(prices: PriceList, customer_id: str, lines: Sequence[Line], currency: str) -> Offer:
    """What these lines cost this customer. Raises Invalid."""
    if wrong := tuple(_wrong(prices, customer_id, lines, currency)):
        raise Invalid(wrong)
    offered = tuple(
        OfferedLine(it.sku, it.quantity, _unit_price(prices, it, currency)) for it in lines
    )
    return Offer(customer_id, offered, currency, prices.valid_seconds)


def watched(prices: PriceList, currency: str, skus: Sequence[str]) -> dict[str, int]:
    """The prices of these SKUs, of all if none is named, sorted by SKU. Raises Invalid."""
    wrong = list(_wrong_currency(prices, currency))
    if len(skus) > MAX_LINES:
        wrong.append(WrongField("skus", f"at most {MAX_LINES}"))
    else:
        wrong += [
            WrongField(f"skus[{at}]", "a SKU that is sold here")
            for at, sku in enumerate(skus)
            if sku not in prices.prices
        ]
    if wrong:
        raise Invalid(tuple(wrong))
    return {sku: prices.prices[sku][currency] for sku in sorted(skus or prices.prices)}


def _wrong(
    prices: PriceList, customer_id: str, lines: Sequence[Line], currency: str
) -> Iterator[WrongField]:
    if not 1 <= len(customer_id) <= LONGEST_ID or not customer_id.isprintable():
        yield WrongField("customer_id", f"1 to {LONGEST_ID} printable characters")
    yield from _wrong_currency(prices, currency)
    if not 1 <= len(lines) <= MAX_LINES:
        yield WrongField("lines", f"1 to {MAX_LINES}")
        return
    seen: set[str] = set()
    for at, line in enumerate(lines):
        if line.sku not in prices.prices:
            yield WrongField(f"lines[{at}].sku", "a SKU that is sold here")
        elif line.sku in seen:
            yield WrongField(f"lines[{at}].sku", "each SKU once")
        seen.add(line.sku)
        if not 1 <= line.quantity <= MAX_QUANTITY:
            yield WrongField(f"lines[{at}].quantity", f"from 1 to {MAX_QUANTITY}")


def _wrong_currency(prices: PriceList, currency: str) -> Iterator[WrongField]:
    if currency not in prices.currencies:
        yield WrongField("currency", f"one of {', '.join(sorted(prices.currencies))}")


def _unit_price(prices: PriceList, line: Line, currency: str) -> int:
    """Rounded half up, as orders rounds."""
    listed = prices.prices[line.sku][currency]
    discount = prices.discount
    if not discount.basis_points or line.quantity < discount.from_quantity:
        return listed
    left = _HUNDRED_PERCENT - discount.basis_points
    return max(1, (listed * left + _HUNDRED_PERCENT // 2) // _HUNDRED_PERCENT)
