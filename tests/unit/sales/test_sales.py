"""Sales: a confirmed order is one sale, on the day of its confirmation."""

from typing import Any

import pytest

from sales.domain.sales import Sale, fold

AT = "2026-12-01T23:59:59.999Z"
SOLD = {"total": 2380, "currency": "EUR"}
SALE = Sale("2026-12-01", "EUR", 2380)


def test_an_order_is_a_sale_once_it_is_confirmed() -> None:
    assert fold(None, "OrderConfirmed", AT, SOLD) == (SALE,)


@pytest.mark.parametrize("other", ["OrderPlaced", "OrderRejected", "OrderCancelled"])
def test_nothing_else_that_happens_to_an_order_is_a_sale(other: str) -> None:
    assert fold(None, other, AT, SOLD) == ()
    assert fold((SALE,), other, AT, SOLD) == (SALE,)


def test_what_was_sold_before_stays_sold() -> None:
    later = fold((SALE,), "OrderConfirmed", "2026-12-02T00:00:00.000Z", {**SOLD, "total": 1})
    assert later == (SALE, Sale("2026-12-02", "EUR", 1))


@pytest.mark.parametrize("total", [True, False, "2380", 23.8, None])
def test_an_amount_that_is_no_whole_number_is_no_sale(total: Any) -> None:
    with pytest.raises(ValueError, match="whole number"):
        fold(None, "OrderConfirmed", AT, {**SOLD, "total": total})


@pytest.mark.parametrize("missing", ["total", "currency"])
def test_an_event_without_what_its_schema_asks_for_is_no_sale(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        fold(None, "OrderConfirmed", AT, {it: SOLD[it] for it in SOLD if it != missing})


@pytest.mark.parametrize("occurred_at", ["", "2026-12-0"])
def test_a_time_that_names_no_day_is_no_sale(occurred_at: str) -> None:
    with pytest.raises(ValueError, match="names no day"):
        fold(None, "OrderConfirmed", occurred_at, SOLD)
