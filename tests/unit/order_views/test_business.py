"""What became of orders is counted once, in metrics of which there is a known number."""

from __future__ import annotations

import json
from typing import Any

import pytest

from order_views.domain import business
from order_views.domain.business import tally
from order_views.domain.order_view import OrderView
from order_views.handlers.projection import ORDER_VIEW, count
from orders_language.schemas import ORDER_EVENTS
from shared.read_models.counted_table import CountedTable
from shared.read_models.projector import Projector
from stacks.objectives import BUSINESS_DIMENSIONS
from tests.support.examples.log_of_orders import (
    ORDERS,
    Histories,
    TableInMemory,
    collect,
    event,
    records,
)
from tools.measure.costs.page import PLAIN


def view(status: str = "placed", **changes: Any) -> OrderView:
    fields: dict[str, Any] = {
        "order_id": ORDERS[0],
        "version": 1,
        "customer_id": "c",
        "status": status,
        "currency": "EUR",
        "total": 2580,
        "lines": (),
        "ship_to": {},
        "placed_at": "2026-12-01T09:30:00.000Z",
        "updated_at": "2026-12-01T09:30:04.500Z",
    }
    return OrderView(**fields | changes)


def test_an_order_is_counted_when_it_is_placed_and_when_it_ends() -> None:
    found = tally([(None, view()), (view(), view("confirmed")), (view(), view("cancelled"))])
    assert found.counts == {"OrdersPlaced": 1, "OrdersConfirmed": 1, "OrdersCancelled": 1}
    assert (found.values, found.seconds) == ({"EUR": [2580]}, [4.5])


def test_one_step_may_bring_an_order_from_nothing_to_its_end() -> None:
    found = tally([(None, view("rejected", reason="out-of-stock"))])
    assert found.counts == {"OrdersPlaced": 1}
    assert found.rejected == {"out-of-stock": 1}


def test_what_changes_nothing_of_an_order_is_not_counted() -> None:
    assert tally([(view("confirmed"), view("confirmed", version=3)), (None, None)]).counts == {}


@pytest.mark.parametrize("reason", [None, "", "jane.doe@example.com", "OUT-OF-STOCK"])
def test_what_is_on_no_list_is_other(reason: str | None) -> None:
    found = tally([(None, view("rejected", reason=reason, currency="XXX"))])
    assert (found.rejected, found.values) == ({"other": 1}, {"other": [2580]})


def test_clocks_that_differ_make_no_negative_time() -> None:
    late = view("confirmed", updated_at="2026-12-01T09:29:59.000Z")
    assert tally([(view(), late)]).seconds == [0.0]


def test_metrics_have_the_dimensions_that_are_drawn_and_priced_and_no_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert {
        "OrdersRejected": ("reason", (*business.REASONS, business.OTHER)),
        "OrderValue": ("currency", (*business.CURRENCIES, business.OTHER)),
    } == BUSINESS_DIMENSIONS
    every = [
        (None, view("rejected", reason=reason, currency=currency))
        for reason in (*business.REASONS, "?")
        for currency in (*business.CURRENCIES, "?")
    ]
    count([*every, (view(), view("confirmed")), (view(), view("cancelled"))])
    seen: set[tuple[str, ...]] = set()
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        (about,) = line["_aws"]["CloudWatchMetrics"]
        (keys,) = about["Dimensions"]
        for metric in about["Metrics"]:
            seen.add((metric["Name"], *(line[key] for key in keys if key != "service")))
    wanted: set[tuple[str, ...]] = {(name,) for name in PLAIN}
    wanted |= {(name, it) for name, (_, values) in BUSINESS_DIMENSIONS.items() for it in values}
    assert seen == wanted


def test_a_hundred_values_go_in_one_line_and_none_is_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    count([(None, view(total=number)) for number in range(250)])
    lines = [json.loads(it) for it in capsys.readouterr().out.splitlines()]
    values = [it["OrderValue"] for it in lines if "OrderValue" in it]
    assert [len(it) for it in values] == [100, 100, 50]
    assert [it for some in values for it in some] == list(range(250))


def test_an_event_that_comes_again_is_counted_once() -> None:
    table: CountedTable[Any] = CountedTable(TableInMemory())
    follower = Projector(ORDER_EVENTS, table, collect, Histories().read_events)
    batch = records([event(it, 1, "OrderPlaced") for it in ORDERS])
    follower.apply(batch)
    assert len(table.steps) == len(ORDERS)
    follower.apply(batch)
    follower.apply(records([event(ORDERS[0], 2, "OrderConfirmed")]))
    assert len(table.steps) == len(ORDERS) + 1
    before, after = table.steps[-1]
    assert before is not None
    assert after is not None
    assert len(after) == len(before) + 1


def test_the_order_views_projector_counts() -> None:
    assert ORDER_VIEW.count is count
