"""The command of partners: place an order, at the better of two prices."""

from partners.domain.orders import Wish
from partners.ports import QUOTES_UNREADABLE, Answer, Api, Machine, NoQuote, Pricing

ORDERS = "/v1/partner-orders"
OF_THE_QUOTE = ("quote-refused", QUOTES_UNREADABLE)
"""Refusals that are about our quote, and so not the partner's matter."""


async def place_order(pricing: Pricing, orders: Api, machine: Machine, wish: Wish) -> Answer:
    """Ask for a quote, and order. Without a quote the order goes on at the prices of the list.

    Raises:
        Silent: nobody can say whether it was ordered; the same reference finds out.
    """
    try:
        quote = await _quote(pricing, machine, wish)
    except NoQuote:
        return await _order(orders, wish, None)
    answer = await _order(orders, wish, quote)
    if answer.status >= 400 and answer.kind in OF_THE_QUOTE:
        return await _order(orders, wish, None)
    return answer


async def _quote(pricing: Pricing, machine: Machine, wish: Wish) -> str:
    customer_id = await machine.customer_id(wish.partner.customer(wish.customer))
    return await pricing.quote(customer_id, wish.lines, wish.currency)


async def _order(orders: Api, wish: Wish, quote: str | None) -> Answer:
    body = {
        "customer": wish.partner.customer(wish.customer),
        "lines": [{"sku": it.sku, "quantity": it.quantity} for it in wish.lines],
        "currency": wish.currency,
        "ship_to": dict(wish.ship_to),
    }
    if quote is not None:
        body["quote"] = quote
    key = wish.partner.order_key(wish.reference)
    return await orders.send("POST", ORDERS, body, {"Idempotency-Key": key})
