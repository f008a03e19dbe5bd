"""The order as its customer sees it, event by event."""

from typing import Any

import pytest

from order_views.domain.order_view import STATUS_AFTER, OrderView, fold
from tests.support.examples.order_views import CUSTOMER, GIFT, PLACED_DATA, order_id

NINE, TEN = "2026-12-01T09:00:00.000Z", "2026-12-01T10:00:00.000Z"


def placed() -> OrderView:
    return fold(None, "OrderPlaced", order_id(1), 1, NINE, PLACED_DATA)


def after(view: OrderView, event_type: str, **data: Any) -> OrderView:
    return fold(view, event_type, view.order_id, view.version + 1, TEN, data)


def test_a_placed_order_shows_what_was_ordered() -> None:
    view = placed()
    assert (view.order_id, view.customer_id, view.version) == (order_id(1), CUSTOMER, 1)
    assert (view.status, view.total, view.currency) == ("placed", 2580, "EUR")
    assert (view.placed_at, view.updated_at) == (NINE, NINE)
    assert list(view.lines) == PLACED_DATA["lines"]
    assert (view.reason, view.gift) == (None, None)


def test_a_gift_stays_one_whatever_happens() -> None:
    wrapped = fold(None, "OrderPlaced", order_id(1), 1, NINE, PLACED_DATA | {"gift": GIFT})
    assert after(wrapped, "OrderConfirmed", currency="EUR", total=2580).gift == GIFT


@pytest.mark.parametrize(
    ("event_type", "data", "status", "reason"),
    [
        ("OrderConfirmed", {"currency": "EUR", "total": 2580}, "confirmed", None),
        ("OrderRejected", {"reason": "payment-declined"}, "rejected", "payment-declined"),
        ("OrderCancelled", {"reason": "too_slow"}, "cancelled", "too_slow"),
    ],
)
def test_a_finished_order_shows_how_it_ended_and_when(
    event_type: str, data: dict[str, Any], status: str, reason: str | None
) -> None:
    view = after(placed(), event_type, **data)
    assert (view.status, view.reason, view.version) == (status, reason, 2)
    assert (view.placed_at, view.updated_at) == (NINE, TEN)
    assert view.total == 2580


def test_an_order_does_not_begin_in_its_middle() -> None:
    for event_type in STATUS_AFTER:
        with pytest.raises(ValueError, match="cannot begin"):
            fold(None, event_type, order_id(1), 1, NINE, {"reason": "x"})


@pytest.mark.parametrize("missing", sorted(set(PLACED_DATA) - {"weight_grams"}))
def test_an_event_that_lacks_what_the_view_shows_is_an_error(missing: str) -> None:
    data = {name: value for name, value in PLACED_DATA.items() if name != missing}
    with pytest.raises(KeyError, match=missing):
        fold(None, "OrderPlaced", order_id(1), 1, NINE, data)
