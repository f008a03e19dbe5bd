"""What the order API accepts, and how its refusals read."""

from typing import Annotated

import msgspec

from customers_language.references import Reference
from orders.domain.errors import (
    OrderNotFound,
    OrderNotOpen,
    QuoteRefused,
    QuotesUnreadable,
    TooManyLines,
    UnknownSku,
    UnpricedCurrency,
)
from orders.domain.events import CancellationReason, GiftNote, Wrapping
from orders.domain.price_list import CURRENCIES
from orders.domain.terms import MAX_LINES
from orders_language.events import PostcodeArea
from orders_language.quotes import LONGEST as LONGEST_QUOTE
from shared.event_sourcing.requests import errors_about
from shared.runtime import problems
from shared.runtime.patterns import Country, Uuid
from shared.runtime.problems import Problem, Violation

MAX_QUANTITY = 999


class LineForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of an order, as a customer asks for it."""

    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=MAX_QUANTITY)]


class ShipToForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to; patterns keep names and streets out of events."""

    address_id: Uuid
    country: Country
    postcode_area: PostcodeArea


class PlaceOrderForm(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,  # an order without a quote keeps the digest it had before there were any
):
    """The body of POST /v1/orders."""

    lines: Annotated[list[LineForm], msgspec.Meta(min_length=1, max_length=MAX_LINES)]
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=3)]
    ship_to: ShipToForm
    quote: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_QUOTE)] | None = None


class GiftForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How an order is made a gift: codes of two lists, so that nobody can write about a person."""

    wrapping: Wrapping
    note_code: GiftNote | None = None


class PlaceOrderV2Form(PlaceOrderForm, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body of POST /v2/orders: without a gift it is the same request as in version 1."""

    gift: GiftForm | None = None


class PlacePartnerOrderForm(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The body of POST /v1/partner-orders: ``customer`` is the partner's own reference."""

    customer: Reference
    lines: Annotated[list[LineForm], msgspec.Meta(min_length=1, max_length=MAX_LINES)]
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=3)]
    ship_to: ShipToForm
    quote: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_QUOTE)] | None = None

    def without_quote(self) -> "PlacePartnerOrderForm":
        """What is wished for. Whoever repeats a wish may have a newer quote for it."""
        return msgspec.structs.replace(self, quote=None)


class CancelOrderForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v1/orders/{order_id}/cancellation."""

    reason: CancellationReason


ERRORS = {
    **errors_about("order"),
    TooManyLines: lambda e: Problem(
        422,
        "too-many-lines",
        "The order has too many lines",
        f"an order may have {e.limit} lines at present",
        [Violation("/lines", f"at most {e.limit}")],
    ),
    UnknownSku: lambda e: Problem(
        422,
        "unknown-sku",
        "A product is not on the price list",
        f"there is no product {e.sku!r}",
        [Violation(f"/lines/{e.line}/sku", f"unknown SKU {e.sku!r}")],
    ),
    UnpricedCurrency: lambda e: Problem(
        422,
        "unknown-currency",
        "Nothing is sold in this currency",
        f"there are no prices in {e.currency!r}",
        [Violation("/currency", f"one of {', '.join(CURRENCIES)}")],
    ),
    QuoteRefused: lambda e: Problem(
        422,
        "quote-refused",
        "The quote does not hold for this order",
        e.reason,
        [Violation("/quote", e.reason)],
    ),
    QuotesUnreadable: lambda _e: Problem(
        503,
        "quotes-unreadable",
        "Quotes cannot be verified at present",
        "try again, or order without the quote",
        headers={"Retry-After": "10"},
    ),
    OrderNotFound: lambda e: problems.not_found("order", e.order_id),
    OrderNotOpen: lambda e: Problem(
        409,
        "order-not-open",
        "The order can no longer be changed",
        f"order {e.order_id!r} is {e.status}",
    ),
}
