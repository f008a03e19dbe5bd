"""Why the domain refuses.

OrderError
 ├─ OrdersNotAccepted                placing: no orders are accepted at present
 ├─ TooManyLines                     placing: more lines than an order may have at present
 ├─ UnknownSku, UnpricedCurrency     placing: the price list does not have it
 ├─ QuoteRefused                     placing: the quote is not pricing's, or not for this order
 ├─ QuotesUnreadable                 placing: nobody can say at present whose the quote is
 ├─ OrderNotFound                    no history under this id
 └─ OrderNotOpen                     cancel, confirm or reject an order that is no longer placed
"""

from dataclasses import dataclass


class OrderError(Exception):
    """Any refusal of the ordering domain."""


class OrdersNotAccepted(OrderError):
    """No orders are accepted at present; the caller may come again."""


@dataclass
class TooManyLines(OrderError):
    """An order may have ``limit`` lines at present."""

    limit: int


@dataclass
class UnknownSku(OrderError):
    """The price list has no such product. ``line`` is its index in the request."""

    sku: str
    line: int


@dataclass
class UnpricedCurrency(OrderError):
    """Nothing is sold in this currency."""

    currency: str


@dataclass
class QuoteRefused(OrderError):
    """The quote improves no prices here; ``reason`` is for the caller."""

    reason: str


class QuotesUnreadable(OrderError):
    """The keys that verify quotes cannot be had at present; without a quote orders are placed."""


@dataclass
class OrderNotFound(OrderError):
    """There is no order with this id, or it is somebody else's."""

    order_id: str


@dataclass
class OrderNotOpen(OrderError):
    """Only a placed order can be confirmed, rejected or cancelled."""

    order_id: str
    status: str
