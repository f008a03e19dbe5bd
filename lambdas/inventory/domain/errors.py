"""Why inventory cannot do what it was asked to.

InventoryError
 ├─ StockMissing       a SKU is unknown, or there are not enough pieces of it
 ├─ Overtaken          somebody else changed the reservation in between
 ├─ AlreadySold        the order was confirmed: its stock cannot be released
 ├─ NothingReserved    an order is confirmed for which nothing was ever held
 └─ Contended          others kept changing the same stock; trying again later will help
"""

from dataclasses import dataclass


class InventoryError(Exception):
    """Any of them."""


@dataclass
class StockMissing(InventoryError):
    """``reason`` is ``out-of-stock`` or ``unknown-sku``."""

    sku: str
    reason: str


@dataclass
class Overtaken(InventoryError):
    """The reservation is no longer what it was when it was read."""

    order_id: str


@dataclass
class AlreadySold(InventoryError):
    """What is sold is not released; it would have to be returned."""

    order_id: str


@dataclass
class NothingReserved(InventoryError):
    """Confirmed without stock: an order that did not go through fulfilment."""

    order_id: str


@dataclass
class Contended(InventoryError):
    """Every attempt met somebody else's."""

    order_id: str
