"""The questions that customers ask about their orders, and about nobody else's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_views import queries
from order_views.queries import OrderNotVisible, PageTokenRefused
from tests.support.examples.order_views import CUSTOMER, SOMEBODY_ELSE, a_view, order_id
from tests.support.fakes.in_memory_order_views import InMemoryOrderViews

VIEWS = InMemoryOrderViews([a_view(1, version=2), a_view(2, customer_id=SOMEBODY_ELSE)])


@pytest.mark.parametrize("min_version", [0, 1, 2])
def test_an_order_is_shown_once_it_has_the_version_asked_for(min_version: int) -> None:
    assert queries.order(VIEWS, CUSTOMER, order_id(1), min_version) == a_view(1, version=2)


def test_an_order_that_is_not_there_yet_may_come() -> None:
    with pytest.raises(OrderNotVisible) as early:
        queries.order(VIEWS, CUSTOMER, order_id(1), 3)
    assert early.value.may_come


@pytest.mark.parametrize("min_version", [0, 1, 3])
def test_somebody_elses_order_looks_like_one_that_nobody_placed(min_version: int) -> None:
    refusals = []
    for its_id in (order_id(2), order_id(99)):
        with pytest.raises(OrderNotVisible) as refusal:
            queries.order(VIEWS, CUSTOMER, its_id, min_version)
        refusals.append(refusal.value.may_come)
    assert refusals == [min_version > 0] * 2


@given(st.integers(0, 12), st.integers(1, 13))
def test_paging_visits_each_order_once_newest_first(count: int, limit: int) -> None:
    others = [a_view(n + 100, customer_id=SOMEBODY_ELSE) for n in range(3)]
    views = InMemoryOrderViews([a_view(n) for n in range(count)] + others)
    seen: list[str] = []
    token: str | None = None
    while True:
        page = queries.orders(views, CUSTOMER, limit, token)
        assert len(page.orders) <= limit
        seen += [view.order_id for view in page.orders]
        token = page.next_token
        if token is None:
            break
        assert len(page.orders) == limit
    assert seen == [order_id(n) for n in reversed(range(count))]


def test_orders_placed_at_the_same_moment_are_all_listed() -> None:
    views = InMemoryOrderViews([a_view(n) for n in (1, 61, 121)])
    first = queries.orders(views, CUSTOMER, 2, None)
    second = queries.orders(views, CUSTOMER, 2, first.next_token)
    assert [v.order_id for v in [*first.orders, *second.orders]] == [
        order_id(n) for n in (121, 61, 1)
    ]


@pytest.mark.parametrize("token", [order_id(99), order_id(2), "", "anything"])
def test_a_token_of_ones_own_making_is_refused(token: str) -> None:
    with pytest.raises(PageTokenRefused):
        queries.orders(VIEWS, CUSTOMER, 5, token)
