"""read_events: how other services fetch the stretch of an order's events that they miss."""

from typing import Any

import pytest

from orders.adapters.event_codec import CODEC
from orders.handlers import read_events
from tests.support.examples.orders import CANCELLED, PLACED, recorded
from tests.support.fakes.dynamodb_wire import PAGE_ITEMS, DynamoDbWire

ORDER_ID = recorded(PLACED, 1).aggregate_id
VERSIONS = range(1, 2 * PAGE_ITEMS + 2)


@pytest.fixture(autouse=True)
def several_pages(event_store: DynamoDbWire) -> None:
    for version in VERSIONS:
        event = recorded(PLACED if version == 1 else CANCELLED, version)
        event_store.items[ORDER_ID, version] = CODEC.to_item(event)


@pytest.mark.parametrize("limit", VERSIONS)
def test_following_next_version_gives_each_of_an_orders_events_once(limit: int) -> None:
    seen: list[Any] = []
    after: int | None = 0
    while after is not None:
        answer = read_events.handler(
            {"order_id": ORDER_ID, "after_version": after, "limit": limit}, None
        )
        seen += [(event["aggregate_type"], event["version"]) for event in answer["events"]]
        after = answer["next_version"]
    assert seen == [("order", version) for version in VERSIONS]
