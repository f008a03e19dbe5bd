"""The terms of an order: who gets the introductory discount, and what it makes of a price."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.errors import OrdersNotAccepted, TooManyLines
from orders.domain.order import Order
from orders.domain.price_list import PRODUCTS
from orders.domain.terms import DEFAULT_TERMS, MOST_BASIS_POINTS, Terms, is_among
from tests.support.examples.orders import CUSTOMER, LINES, SHIP_TO

CUSTOMERS = [str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))) for number in range(10_000)]
ROLLOUT = "introductory-discount"


def test_a_discount_lowers_each_unit_price_and_so_the_total() -> None:
    terms = Terms(discount_basis_points=1000)
    placed = Order.place(CUSTOMER, LINES, "EUR", SHIP_TO, terms)
    usual = Order.place(CUSTOMER, LINES, "EUR", SHIP_TO)
    assert [it.unit_price for it in placed.lines] == [
        terms.price(it.unit_price) for it in usual.lines
    ]
    assert placed.total == sum(it.unit_price * it.quantity for it in placed.lines) < usual.total


@pytest.mark.parametrize(
    ("price", "basis_points", "lowered"),
    [(1290, 0, 1290), (1290, 1000, 1161), (1290, 500, 1226), (995, 1000, 896), (1, 3000, 1)],
    ids=["none", "exact", "half goes up", "below half goes down", "never nothing"],
)
def test_a_price_is_rounded_to_the_minor_unit(price: int, basis_points: int, lowered: int) -> None:
    assert Terms(discount_basis_points=basis_points).price(price) == lowered


@given(st.integers(0, 100_000))
def test_no_discount_goes_beyond_the_floor(basis_points: int) -> None:
    terms = Terms(discount_basis_points=basis_points)
    floor = Terms(discount_basis_points=MOST_BASIS_POINTS)
    for product in PRODUCTS.values():
        for price in product.prices.values():
            assert floor.price(price) <= terms.price(price) <= price


def test_a_growing_percentage_only_adds_customers() -> None:
    before: set[str] = set()
    for percent in (0, 1, 10, 50, 99, 100):
        chosen = {it for it in CUSTOMERS if is_among(it, percent, ROLLOUT)}
        assert before <= chosen
        before = chosen
    assert before == set(CUSTOMERS)


@pytest.mark.parametrize("percent", [0, 1, 10, 50, 90])
def test_the_share_of_customers_is_the_percentage(percent: int) -> None:
    share = sum(is_among(it, percent, ROLLOUT) for it in CUSTOMERS) / len(CUSTOMERS)
    assert abs(share - percent / 100) < 0.015


def test_two_rollouts_do_not_begin_with_the_same_customers() -> None:
    first, second = ({it for it in CUSTOMERS if is_among(it, 10, name)} for name in ("a", "b"))
    assert abs(len(first & second) / len(first) - 0.1) < 0.05


def test_a_customer_is_on_the_same_side_in_every_process() -> None:
    # By hand once: a change of how customers are spread would move them during a rollout.
    assert [it for it in CUSTOMERS[:40] if is_among(it, 10, ROLLOUT)] == [
        "751af8b4-32a7-55bc-9fad-8bfbcbbf4237"
    ]


def test_an_order_of_more_lines_than_the_terms_allow_is_refused() -> None:
    with pytest.raises(TooManyLines) as refused:
        Order.place(CUSTOMER, LINES, "EUR", SHIP_TO, Terms(max_lines=len(LINES) - 1))
    assert refused.value.limit == len(LINES) - 1
    Order.place(CUSTOMER, LINES, "EUR", SHIP_TO, Terms(max_lines=len(LINES)))


def test_no_order_is_placed_while_none_are_accepted() -> None:
    with pytest.raises(OrdersNotAccepted):
        Order.place(CUSTOMER, LINES, "EUR", SHIP_TO, Terms(accepts_orders=False))


def test_as_usual_every_order_is_placed_at_the_prices_of_the_list() -> None:
    assert all(DEFAULT_TERMS.price(price) == price for price in range(1, 5000))
