"""An order's past: the state at a time or version, for nobody but its customer."""

import pytest

from orders import queries
from orders.domain.errors import OrderNotFound
from orders.domain.events import Status
from orders.queries import Moment
from tests.support.examples.orders import (
    CUSTOMER,
    SOMEBODY_ELSE,
    OrderStore,
    cancel,
    place,
)
from tests.support.examples.recorded import ELEVEN, NINE, TEN

STORE = OrderStore()
ORDER_ID = place(STORE, at=NINE).aggregate_id
cancel(STORE, ORDER_ID, at=TEN)


@pytest.mark.parametrize(
    ("moment", "status", "events"),
    [
        (Moment(), Status.CANCELLED, 2),
        (Moment(version=1), Status.PLACED, 1),
        (Moment(version=2), Status.CANCELLED, 2),
        (Moment(at=NINE), Status.PLACED, 1),
        (Moment(at="2026-12-01T09:59:59.999Z"), Status.PLACED, 1),
        (Moment(at=TEN), Status.CANCELLED, 2),
        (Moment(at=ELEVEN), Status.CANCELLED, 2),
    ],
)
def test_an_order_is_shown_as_it_was_at_that_moment(
    moment: Moment, status: Status, events: int
) -> None:
    history = queries.history(STORE, ORDER_ID, CUSTOMER, moment)
    assert (history.order.status, len(history.events)) == (status, events)
    assert history.order.version == history.events[-1].version


@pytest.mark.parametrize("moment", [Moment(at="2026-12-01T08:59:59.999Z"), Moment(version=3)])
def test_there_is_no_order_before_its_first_event_nor_after_its_last_version(
    moment: Moment,
) -> None:
    with pytest.raises(OrderNotFound):
        queries.history(STORE, ORDER_ID, CUSTOMER, moment)


def test_nobody_else_sees_an_orders_past() -> None:
    with pytest.raises(OrderNotFound):
        queries.history(STORE, ORDER_ID, SOMEBODY_ELSE, Moment())
    with pytest.raises(OrderNotFound):
        queries.history(STORE, "00000000-0000-4000-8000-000000000000", CUSTOMER, Moment())
