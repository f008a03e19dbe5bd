"""A partner's order: at the better of two prices, once for one reference, whoever is silent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from partners.commands import place_order
from partners.domain.orders import Line, Partner, Wish
from partners.ports import Answer, NoQuote, Silent


class Pricing:
    """Makes quotes, or none."""

    def __init__(self, quote: str | None = "q.1") -> None:
        self._quote = quote
        self.asked: list[str] = []

    async def quote(self, customer_id: str, lines: Sequence[Line], currency: str) -> str:
        self.asked.append(f"{customer_id} {lines[0].sku} {currency}")
        if self._quote is None:
            raise NoQuote
        return self._quote


class Orders:
    """Answers one after the other; what it was sent is kept."""

    def __init__(self, *answers: Answer | Silent) -> None:
        self._answers = list(answers)
        self.sent: list[tuple[Any, Mapping[str, str]]] = []

    async def send(
        self, _method: str, _path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        self.sent.append((body, headers or {}))
        answer = self._answers.pop(0)
        if isinstance(answer, Silent):
            raise answer
        return answer


class Machine:
    """The client by which others know us."""

    async def customer_id(self, reference: str) -> str:
        return f"customer-of-{reference[:8]}"


NORTHWIND = Partner("partner-northwind")
PLACED = Answer(202, {"order_id": "o-1"})


def wish(partner: Partner = NORTHWIND, reference: str = "po-1") -> Wish:
    ship_to = {"address_id": "a", "country": "DE", "postcode_area": "10"}
    return Wish(partner, reference, "shopper", (Line("TEA-SENCHA", 2),), "EUR", ship_to)


def refused(kind: str, status: int = 422) -> Answer:
    return Answer(status, {"type": f"https://shop.example/problems/{kind}"})


def place(pricing: Pricing, orders: Orders, of: Wish | None = None) -> Answer:
    return asyncio.run(place_order(pricing, orders, Machine(), of or wish()))


def test_the_quote_is_for_the_customer_as_others_know_it() -> None:
    pricing, orders = Pricing(), Orders(PLACED)
    assert place(pricing, orders) == PLACED
    (sent, _), reference = orders.sent[0], NORTHWIND.customer("shopper")
    assert pricing.asked == [f"customer-of-{reference[:8]} TEA-SENCHA EUR"]
    assert (sent["customer"], sent["quote"]) == (reference, "q.1")


def test_without_a_quote_the_price_list_counts() -> None:
    orders = Orders(PLACED)
    assert place(Pricing(None), orders) == PLACED
    assert "quote" not in orders.sent[0][0]


@pytest.mark.parametrize(
    "about_the_quote", [refused("quote-refused"), refused("quotes-unreadable", 503)]
)
def test_a_refusal_of_our_quote_is_not_the_partners_matter(about_the_quote: Answer) -> None:
    orders = Orders(about_the_quote, PLACED)
    assert place(Pricing(), orders) == PLACED
    (_, first), (second, again) = orders.sent
    assert "quote" not in second
    assert first == again, "it is the same order"


def test_any_other_refusal_is() -> None:
    orders = Orders(refused("unknown-sku"))
    assert place(Pricing(), orders).status == 422
    assert len(orders.sent) == 1


def test_silence_is_never_repeated_here() -> None:
    orders = Orders(Silent("orders"))
    with pytest.raises(Silent):
        place(Pricing(), orders)
    assert len(orders.sent) == 1


def test_the_key_is_one_for_each_partner_and_reference() -> None:
    keys = {
        Partner(partner).order_key(reference)
        for partner in ("partner-a", "partner-b", 'partner-a", "x')
        for reference in ("po-1", "po-2", 'x", "po-1')
    }
    assert len(keys) == 9
    assert NORTHWIND.order_key("same") != NORTHWIND.customer("same")
    assert NORTHWIND.order_key("po-1") == Partner("partner-northwind").order_key("po-1")
