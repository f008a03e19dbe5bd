"""What a saga's starter reads of an order: all that the steps need, or nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import structs

from fulfilment.adapters.published_orders import OrdersStillPlaced
from fulfilment.domain.saga import Destination, Line, OrderToFulfil
from shared.messaging.envelope import Envelope
from shared.read_models.history import HistoryUnavailable
from tests.support.contracts.event_schemas import example
from tests.support.examples.fulfilment import ORDER, PLACED

DATA = example("OrderPlaced")["data"]
ORDERED = structs.replace(PLACED, data=DATA)
CANCELLED = structs.replace(PLACED, type="OrderCancelled", version=2)


class History:
    """Implements what is asked of ``OrderHistory``."""

    def __init__(self, *events: Envelope, fails: Exception | None = None) -> None:
        self._events = events
        self._fails = fails

    def read_events(self, aggregate_id: str, after_version: int) -> Iterator[Envelope]:
        assert (aggregate_id, after_version) == (ORDER, 0)
        if self._fails:
            raise self._fails
        return iter(self._events)


def read(history: History) -> OrderToFulfil | None:
    anything: Any = history
    return OrdersStillPlaced(anything)(ORDER)


def test_an_order_that_is_still_placed_is_read() -> None:
    assert read(History(ORDERED)) == OrderToFulfil(
        customer_id=DATA["customer_id"],
        lines=tuple(Line(it["sku"], it["quantity"]) for it in DATA["lines"]),
        currency=DATA["currency"],
        total=DATA["total"],
        weight_grams=DATA["weight_grams"],
        ship_to=Destination(DATA["ship_to"]["country"], DATA["ship_to"]["postcode_area"]),
    )


@pytest.mark.parametrize(
    "history",
    [
        pytest.param(History(), id="orders does not know it"),
        pytest.param(History(ORDERED, CANCELLED), id="the customer has called it off"),
        pytest.param(History(CANCELLED), id="it begins with something else"),
        pytest.param(History(structs.replace(ORDERED, data={})), id="nothing that is needed"),
        pytest.param(History(fails=HistoryUnavailable("x")), id="orders fails"),
        pytest.param(History(fails=TimeoutError()), id="orders does not answer"),
    ],
)
def test_anything_else_is_left_to_the_execution(history: History) -> None:
    assert read(history) is None
