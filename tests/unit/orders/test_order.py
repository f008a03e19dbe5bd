"""What may happen to an order, and what it is after its history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.errors import OrderNotOpen, UnknownSku, UnpricedCurrency
from orders.domain.events import CancellationReason, OrderEvent, Status
from orders.domain.order import Order, RequestedLine
from orders.domain.price_list import CURRENCIES, PRODUCTS
from tests.support.examples.orders import (
    CANCELLED,
    CONFIRMED,
    CUSTOMER,
    LINES,
    PLACED,
    REJECTED,
    SHIP_TO,
)

FINISHED: dict[str, OrderEvent] = {
    "confirmed": CONFIRMED,
    "rejected": REJECTED,
    "cancelled": CANCELLED,
}


def test_an_order_is_priced_from_the_price_list() -> None:
    assert Order.place(CUSTOMER, LINES, "EUR", SHIP_TO) == PLACED


def test_the_same_order_costs_what_its_currency_says() -> None:
    assert Order.place(CUSTOMER, LINES, "GBP", SHIP_TO).total == 2 * 1090 + 790


def test_a_product_that_is_not_on_the_list_names_its_line() -> None:
    with pytest.raises(UnknownSku) as refusal:
        Order.place(CUSTOMER, [*LINES, RequestedLine("MUG-GREEN", 1)], "EUR", SHIP_TO)
    assert (refusal.value.sku, refusal.value.line) == ("MUG-GREEN", 2)


def test_nothing_is_sold_in_a_currency_without_prices() -> None:
    with pytest.raises(UnpricedCurrency) as refusal:
        Order.place(CUSTOMER, LINES, "CHF", SHIP_TO)
    assert refusal.value.currency == "CHF"


def test_every_product_has_a_price_in_every_currency() -> None:
    for sku, product in PRODUCTS.items():
        assert set(product.prices) == set(CURRENCIES), sku
        assert all(price > 0 for price in product.prices.values()), sku
        assert product.weight_grams > 0, sku


def test_a_placed_order_can_be_cancelled_with_a_reason() -> None:
    order = Order.replay("o-1", [PLACED])
    cancelled = order.apply(order.cancel(CancellationReason.TOO_SLOW))
    assert (cancelled.status, cancelled.reason) == (Status.CANCELLED, "too_slow")


def test_a_confirmed_order_is_a_sale_of_its_total() -> None:
    assert Order.replay("o-1", [PLACED]).confirm() == CONFIRMED


def test_a_rejected_order_says_why() -> None:
    order = Order.replay("o-1", [PLACED])
    assert order.apply(order.reject("payment-declined")).reason == "payment-declined"


@pytest.mark.parametrize("finished", FINISHED)
def test_a_finished_order_changes_no_more(finished: str) -> None:
    order = Order.replay("o-1", [PLACED, FINISHED[finished]])
    with pytest.raises(OrderNotOpen) as refusal:
        order.cancel(CancellationReason.OTHER)
    with pytest.raises(OrderNotOpen):
        order.confirm()
    with pytest.raises(OrderNotOpen):
        order.reject("out-of-stock")
    assert refusal.value.status == finished


def test_an_order_that_was_never_placed_cannot_be_changed() -> None:
    for decide in (Order("o-1").confirm, lambda: Order("o-1").reject("out-of-stock")):
        with pytest.raises(OrderNotOpen):
            decide()


def test_an_order_without_history_is_new() -> None:
    assert Order.replay("o-1", []) == Order("o-1", Status.NEW, 0)


DECISIONS = {
    "cancel": lambda order: order.cancel(CancellationReason.OTHER),
    "confirm": lambda order: order.confirm(),
    "reject": lambda order: order.reject("out-of-stock"),
}


@given(st.lists(st.sampled_from(sorted(DECISIONS)), max_size=6))
def test_whatever_is_asked_of_an_order_its_history_tells_its_state(asked: list[str]) -> None:
    history: list[OrderEvent] = [PLACED]
    order = Order.replay("o-1", history)
    for wish in asked:
        try:
            event = DECISIONS[wish](order)
        except OrderNotOpen:
            continue
        history.append(event)
        order = order.apply(event)
    assert order == Order.replay("o-1", history)
    assert order.version == len(history) == (2 if asked else 1)
    first = {"cancel": "cancelled", "confirm": "confirmed", "reject": "rejected"}
    assert order.status == (first[asked[0]] if asked else "placed")


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(PRODUCTS)), st.integers(1, 999)), min_size=1, max_size=100
    ),
    st.sampled_from(CURRENCIES),
)
def test_the_total_is_the_sum_of_the_lines(lines: list[tuple[str, int]], currency: str) -> None:
    placed = Order.place(CUSTOMER, [RequestedLine(*line) for line in lines], currency, SHIP_TO)
    assert placed.total == sum(line.quantity * line.unit_price for line in placed.lines)
    assert [(line.sku, line.quantity) for line in placed.lines] == lines


@pytest.mark.parametrize("offered", [[], [1], [1, 1, 1]], ids=len)
def test_an_offer_for_another_number_of_lines_is_no_offer(offered: list[int]) -> None:
    with pytest.raises(ValueError, match="zip"):
        Order.place(CUSTOMER, LINES, "EUR", SHIP_TO, offered=offered)
