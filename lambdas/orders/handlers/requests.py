"""What the order API accepts, and how its refusals read."""

import re
from typing import Annotated

import msgspec

from orders.commands import digest
from orders.domain.errors import (
    AppendConflict,
    IdempotencyKeyReused,
    OrderNotFound,
    OrderNotOpen,
    QuoteRefused,
    QuotesUnreadable,
    TooManyLines,
    UnknownSku,
    UnpricedCurrency,
)
from orders.domain.events import CancellationReason
from orders.domain.price_list import CURRENCIES
from orders.domain.terms import MAX_LINES
from orders.ports import CommandMetadata
from orders_language.events import PostcodeArea
from orders_language.quotes import LONGEST as LONGEST_QUOTE
from shared.runtime import problems
from shared.runtime.api import Request
from shared.runtime.patterns import Country, Uuid
from shared.runtime.problems import Problem, Violation
from shared.runtime.tracing import is_uuid

MAX_QUANTITY = 999
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


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


class CancelOrderForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v1/orders/{order_id}/cancellation."""

    reason: CancellationReason


def idempotency_key(request: Request) -> str:
    """The caller's key. Raises a 400 problem when it is missing or malformed."""
    key = request.headers.get("idempotency-key")
    if key is None:
        raise Problem(
            400,
            "idempotency-key-missing",
            "The Idempotency-Key header is missing",
            "send a key of your own making, the same one when you repeat the request",
        )
    if not _KEY.fullmatch(key):
        raise problems.invalid_request("Idempotency-Key: 1 to 255 visible ASCII characters")
    return key


def order_id(request: Request) -> str:
    """The order in the path. Raises a 404 problem when it is not the form of an id."""
    its_id = request.path_parameters.get("order_id", "")
    if not is_uuid(its_id):
        raise problems.not_found("order", its_id[:64])
    return its_id


def metadata(request: Request, key: str, form: msgspec.Struct) -> CommandMetadata:
    """The command's identity: keys are kept as digests, since callers choose them."""
    return CommandMetadata(
        key=digest(request.customer_id, key),
        request_hash=digest(msgspec.to_builtins(form)),
        correlation_id=request.trace.correlation_id,
        causation_id=request.request_id,
        traceparent=request.trace.traceparent,
    )


ERRORS = {
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
    IdempotencyKeyReused: lambda _e: Problem(
        422,
        "idempotency-key-reused",
        "The Idempotency-Key was used with another body",
        "use a new key for a new request",
    ),
    OrderNotFound: lambda e: problems.not_found("order", e.order_id),
    OrderNotOpen: lambda e: Problem(
        409,
        "order-not-open",
        "The order can no longer be changed",
        f"order {e.order_id!r} is {e.status}",
    ),
    AppendConflict: lambda e: Problem(
        409,
        "conflict",
        "The order is being changed by others",
        f"order {e.order_id!r} kept changing; try again",
        headers={"Retry-After": "1"},
    ),
}
