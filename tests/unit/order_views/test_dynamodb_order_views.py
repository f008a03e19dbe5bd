"""The read model's queries on DynamoDB: pages that end early are read on."""

from typing import Any

import pytest

from order_views.adapters.dynamodb_order_views import (
    BY_CUSTOMER,
    DynamoDbOrderViews,
    OrderViewCodec,
)
from tests.support.examples.order_views import CUSTOMER, GIFT, a_view, order_id
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory


class ShortPages:
    """DynamoDB whose pages hold two items at most, as large items make them."""

    def __init__(self, count: int) -> None:
        codec = OrderViewCodec()
        self._items: list[dict[str, Any]] = [
            {
                "view_id": {"S": f"g1#{order_id(n)}"},
                "version": {"N": "1"},
                **codec.to_item(a_view(n), "g1"),
            }
            for n in reversed(range(count))
        ]
        self.queries: list[dict[str, Any]] = []

    def query(self, **asked: Any) -> dict[str, Any]:
        self.queries.append(asked)
        start = 0
        if "ExclusiveStartKey" in asked:
            last = asked["ExclusiveStartKey"]["view_id"]
            start = 1 + [item["view_id"] for item in self._items].index(last)
        page = self._items[start : start + min(asked["Limit"], 2)]
        if start + len(page) >= len(self._items):
            return {"Items": page}
        keys = ("view_id", "customer", "placed")
        return {"Items": page, "LastEvaluatedKey": {key: page[-1][key] for key in keys}}


def test_a_list_is_not_cut_short_where_dynamodb_ends_its_page() -> None:
    client = ShortPages(7)
    found = DynamoDbOrderViews(client, "views", "g1").of_customer(CUSTOMER, 5, None)
    assert [view.order_id for view in found] == [order_id(n) for n in (6, 5, 4, 3, 2)]
    assert len(client.queries) == 3


def test_a_list_goes_on_after_the_order_that_was_shown_last() -> None:
    client = ShortPages(7)
    found = DynamoDbOrderViews(client, "views", "g1").of_customer(CUSTOMER, 5, a_view(2))
    assert [view.order_id for view in found] == [order_id(1), order_id(0)]


def test_of_however_many_orders_a_page_reads_no_more_than_it_shows() -> None:
    codec, last = OrderViewCodec(), a_view(500)
    database = DynamoDbInMemory(
        {"views": ("view_id",)}, {BY_CUSTOMER: ("customer", "placed")}, page=1000
    )
    for number in range(1000):
        key = {"view_id": {"S": f"g1#{order_id(number)}"}, "version": {"N": "1"}}
        database.put_item(TableName="views", Item=key | codec.to_item(a_view(number), "g1"))
    database.calls.clear()
    found = DynamoDbOrderViews(database, "views", "g1").of_customer(CUSTOMER, 21, last)
    assert len({it.order_id for it in found}) == 21
    assert all((it.placed_at, it.order_id) < (last.placed_at, last.order_id) for it in found)
    assert [asked["Limit"] for _, asked in database.calls] == [21]


@pytest.mark.parametrize("gift", [None, GIFT, {"wrapping": "box", "note_code": None}])
def test_a_view_is_read_back_as_it_was_written(gift: dict[str, str | None] | None) -> None:
    codec, view = OrderViewCodec(), a_view(1, gift=gift)
    assert codec.from_item({**codec.to_item(view, "g1"), "version": {"N": "1"}}) == view
