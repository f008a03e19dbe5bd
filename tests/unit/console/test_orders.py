"""The list of orders: each order's messages make one line, in whatever order they come."""

from __future__ import annotations

import itertools
import json
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bundling.workspace import ROOT
from console import queries
from console.adapters.dynamodb_activity import DynamoDbActivity
from console.commands import recording
from console.domain.activity import Activity
from console.domain.order_row import OrderRow, first_heard, heard
from console.domain.sealed_text import NotSealed, sealed
from console.queries import PAGE
from shared.runtime import clock
from tests.support.examples.activity import HEARD, NOON, ORDER
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

CONFIRMED = replace(
    HEARD,
    id="33333333-3333-4333-8333-333333333333",
    type="OrderConfirmed",
    version=2,
    occurred_at="2026-12-01T12:00:03.000Z",
    recorded_at="2026-12-01T12:00:03.100Z",
)
REPLY = replace(
    HEARD,
    id="44444444-4444-4444-8444-444444444444",
    type="CommandReplied",
    kind="reply",
    service="inventory",
    version=None,
    occurred_at="2026-12-01T12:00:01.000Z",
    recorded_at="2026-12-01T12:00:01.100Z",
)
LINE = OrderRow(
    ORDER, "confirmed", 2, HEARD.occurred_at, HEARD.occurred_at, CONFIRMED.occurred_at,
    "OrderConfirmed",
)  # fmt: skip

ROWS = json.loads((ROOT / "tests" / "support" / "examples" / "order_rows.json").read_text())


@pytest.mark.parametrize("messages", [*itertools.permutations([HEARD, REPLY, CONFIRMED])])
def test_messages_make_the_same_line_in_any_order_and_twice(
    messages: tuple[Activity, ...],
) -> None:
    row = first_heard(messages[0])
    for message in (*messages, *messages):
        row = heard(row, message)
    assert row == LINE


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case["name"])
def test_a_line_is_what_an_open_page_makes_of_the_same_messages(case: dict[str, Any]) -> None:
    """The page moves its lines by itself: both are held to these cases."""
    row = OrderRow(**case["row"], listed_at="")
    for message in case["messages"]:
        row = heard(row, replace(HEARD, **message))
    assert replace(row, listed_at="") == OrderRow(**case["after"], listed_at="")


def test_an_order_of_which_only_a_reply_came_is_listed() -> None:
    row = first_heard(REPLY)
    assert (row.status, row.version, row.placed_at) == ("placed", 0, None)
    assert (row.listed_at, row.last) == (REPLY.occurred_at, "CommandReplied")


def test_a_clock_that_is_ahead_puts_no_order_into_the_future() -> None:
    ahead = replace(HEARD, occurred_at="2026-12-01T12:09:00.000Z")
    assert first_heard(ahead).listed_at == HEARD.recorded_at


def test_an_order_whose_place_changes_is_listed_once(activity: DynamoDbActivity) -> None:
    for message in (REPLY, HEARD, CONFIRMED):
        recording.record(activity, activity, [message])
    assert queries.orders(activity, None, NOON + timedelta(minutes=1)).orders == [LINE]


def place(activity: DynamoDbActivity, number: int) -> list[str]:
    """So many orders, half an hour between two; returns ids, newest first."""
    ids = []
    for n in range(number):
        at = clock.format_time(NOON - timedelta(minutes=10 * n))
        its_id = str(uuid.uuid4())
        placed = replace(HEARD, id=its_id, order_id=its_id, occurred_at=at, recorded_at=at)
        recording.record(activity, activity, [placed])
        ids.append(its_id)
    return ids


def test_pages_list_every_order_of_the_day_once_and_newest_first(
    activity: DynamoDbActivity,
) -> None:
    ids = place(activity, 2 * PAGE + 20)
    first = queries.orders(activity, None, NOON)
    second = queries.orders(activity, first.next, NOON)
    third = queries.orders(activity, second.next, NOON)
    listed = [row.order_id for page in (first, second, third) for row in page.orders]
    assert listed == ids
    assert third.next is None
    assert [len(it.orders) for it in (first, second, third)] == [PAGE, PAGE, 20]


def test_a_list_of_few_orders_is_read_in_three_calls(
    activity: DynamoDbActivity, dynamodb: DynamoDbInMemory
) -> None:
    place(activity, 3)
    dynamodb.calls.clear()
    assert len(queries.orders(activity, None, NOON).orders) == 3
    assert dynamodb.names() == ["query", "query", "batch_get_item"]


def test_an_order_of_yesterday_is_not_listed(activity: DynamoDbActivity) -> None:
    place(activity, 1)
    assert queries.orders(activity, None, NOON + timedelta(hours=25)).orders == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        sealed("pulse", b"\0" * 8),
        sealed("orders", b"2026-12-01T12:00:00.000Z#not-an-id"),
        sealed("orders", b"yesterday#0d2f6b0e-8a1d-4c58-9d4e-0a5f5b6d7c81"),
        sealed("orders", b"\xff"),
    ],
)
def test_what_no_page_gave_out_is_refused(activity: DynamoDbActivity, text: str) -> None:
    with pytest.raises(NotSealed):
        queries.orders(activity, text, NOON)


def test_a_place_in_the_far_future_is_no_more_work_than_the_first_page(
    activity: DynamoDbActivity,
) -> None:
    ids = place(activity, 3)
    far = sealed("orders", f"9999-12-01T12:00:00.000Z#{ORDER}".encode())
    page = queries.orders(activity, far, NOON)
    assert [it.order_id for it in page.orders] == ids
