"""The Order aggregate: decides what may happen; knows nothing of AWS."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from orders.domain.errors import (
    OrderNotOpen,
    OrdersNotAccepted,
    TooManyLines,
    UnknownSku,
    UnpricedCurrency,
)
from orders.domain.events import (
    CancellationReason,
    Destination,
    Gift,
    Line,
    OrderCancelled,
    OrderConfirmed,
    OrderEvent,
    OrderPlaced,
    OrderRejected,
    Status,
)
from orders.domain.price_list import CURRENCIES, PRODUCTS
from orders.domain.terms import DEFAULT_TERMS, Terms


@dataclass(frozen=True, slots=True)
class RequestedLine:
    """What a customer asks for, before it has a price."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order as its history tells it; every command returns the event that it leads to."""

    id: str
    status: Status = Status.NEW
    version: int = 0
    placed: OrderPlaced | None = None
    reason: str | None = None

    @staticmethod
    def place(
        customer_id: str,
        lines: Sequence[RequestedLine],
        currency: str,
        ship_to: Destination,
        terms: Terms = DEFAULT_TERMS,
        offered: Sequence[int] | None = None,
        gift: Gift | None = None,
    ) -> OrderPlaced:
        """Price the lines and place the order.

        ``offered`` holds a unit price for each line, which is taken where it is the better one.
        Wrapping a ``gift`` costs nothing.

        Raises:
            OrdersNotAccepted, TooManyLines: the terms do not allow it.
            UnknownSku, UnpricedCurrency: the price list does not have it.
        """
        if not terms.accepts_orders:
            raise OrdersNotAccepted
        if len(lines) > terms.max_lines:
            raise TooManyLines(terms.max_lines)
        if currency not in CURRENCIES:
            raise UnpricedCurrency(currency)
        for index, line in enumerate(lines):
            if line.sku not in PRODUCTS:
                raise UnknownSku(line.sku, index)
        prices = [terms.price(PRODUCTS[line.sku].prices[currency]) for line in lines]
        if offered is not None:
            prices = [min(pair) for pair in zip(prices, offered, strict=True)]
        priced = tuple(
            Line(line.sku, line.quantity, price) for line, price in zip(lines, prices, strict=True)
        )
        return OrderPlaced(
            customer_id=customer_id,
            lines=priced,
            currency=currency,
            total=sum(line.unit_price * line.quantity for line in priced),
            weight_grams=sum(PRODUCTS[line.sku].weight_grams * line.quantity for line in lines),
            ship_to=ship_to,
            gift=gift,
        )

    def cancel(self, reason: CancellationReason) -> OrderCancelled:
        """The customer calls it off. Raises OrderNotOpen unless it is placed."""
        self._require_open()
        return OrderCancelled(reason)

    def confirm(self) -> OrderConfirmed:
        """Fulfilment succeeded. Raises OrderNotOpen unless it is placed."""
        placed = self._require_open()
        return OrderConfirmed(currency=placed.currency, total=placed.total)

    def reject(self, reason: str) -> OrderRejected:
        """Fulfilment was undone. Raises OrderNotOpen unless it is placed."""
        self._require_open()
        return OrderRejected(reason)

    def apply(self, event: OrderEvent) -> "Order":
        """The order after one more event."""
        return Order(  # not `replace`, which takes twice the time of a long history
            id=self.id,
            status=event.leads_to,
            version=self.version + 1,
            placed=event if isinstance(event, OrderPlaced) else self.placed,
            reason=getattr(event, "reason", None),
        )

    @classmethod
    def replay(cls, order_id: str, history: Iterable[OrderEvent]) -> "Order":
        """The order that this history leads to."""
        return reduce(cls.apply, history, cls(order_id))

    def _require_open(self) -> OrderPlaced:
        if self.status is not Status.PLACED or self.placed is None:
            raise OrderNotOpen(self.id, self.status)
        return self.placed
