"""One order, really counted: what the page of costs rests on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.console import Console

from costs import assumptions, prices
from costs.million import by_part, total
from costs.orders import Counted, count, started_by_the_clock
from costs.shop import Shop, shop
from costs.usual import ours

ASSUMED = assumptions.read()


@pytest.fixture(scope="module")
def watched() -> Iterator[tuple[Shop, Counted]]:
    """A system of its own, since its functions' calls go another way, and one order in it."""
    with shop(Console(quiet=True)) as opened:
        yield opened, count(opened, 1, ASSUMED)


def test_placing_an_order_is_one_call(watched: tuple[Shop, Counted]) -> None:
    opened, _ = watched
    command = ours(list(opened.proxy.calls), 1, opened, ASSUMED)
    assert command.calls == {"dynamodb:PutItem": 1}


def test_every_service_on_an_orders_way_is_seen_at_work(watched: tuple[Shop, Counted]) -> None:
    _, counted = watched
    owners = {label.partition("/")[0] for label in counted.invocations}
    on_the_way = {"orders", "event-log", "order-views", "sales", "fulfilment", "inventory"}
    assert owners >= on_the_way | {"payments", "shipping", "notifications"}
    assert {caller.partition("/")[0] for caller, _, _ in counted.calls} >= on_the_way
    assert 0 < counted.transitions <= 30


def test_what_the_clock_starts_is_not_put_on_the_orders_bill(
    watched: tuple[Shop, Counted],
) -> None:
    opened, counted = watched
    clockwork = started_by_the_clock(opened)
    assert {"inventory/ReleaseExpired", "fulfilment/Sweep"} <= clockwork
    assert not clockwork & counted.invocations.keys()
    assert not clockwork & {caller for caller, _, _ in counted.calls}


def test_each_part_has_a_price_and_the_log_is_paid_for_by_writer_and_readers(
    watched: tuple[Shop, Counted],
) -> None:
    _, counted = watched
    rows = by_part(counted.charges, 1, prices.read())
    assert total(rows) > 0
    written, read = (
        sum(it.quantity for it in counted.charges if it.price == price)
        for price in ("kinesis-in", "kinesis-out")
    )
    assert read / written == pytest.approx(4)  # order views, sales, bus publisher, Firehose
    parts = {row.name for row in rows}
    assert parts >= {"API", "DynamoDB writes", "DynamoDB reads", "saga", "queues", "bus", "logs"}
