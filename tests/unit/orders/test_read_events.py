"""read_events: how other services fetch the stretch of an order's events that they miss."""

from typing import Any

import msgspec
import pytest

from orders.adapters.event_codec import CODEC
from orders.handlers import read_events
from shared.event_sourcing.read_events import MAX_EVENTS
from shared.messaging.envelope import Envelope
from tests.support.examples.orders import CANCELLED, PLACED, recorded
from tests.support.fakes.dynamodb_wire import DynamoDbWire

ORDER_ID = recorded(PLACED, 1).aggregate_id


@pytest.fixture(autouse=True)
def seven_events(event_store: DynamoDbWire) -> None:
    for version in range(1, 8):
        event = recorded(PLACED if version == 1 else CANCELLED, version)
        event_store.items[ORDER_ID, version] = CODEC.to_item(event)


def read(**asked: Any) -> dict[str, Any]:
    return read_events.handler({"order_id": ORDER_ID, **asked}, None)


def versions(answer: dict[str, Any]) -> list[int]:
    return [event["version"] for event in answer["events"]]


def test_everything_is_given_by_default() -> None:
    answer = read()
    assert versions(answer) == [1, 2, 3, 4, 5, 6, 7]
    assert answer["next_version"] is None
    assert msgspec.convert(answer["events"], list[Envelope])[0].type == "OrderPlaced"


def test_only_what_comes_after_a_version_is_given() -> None:
    assert versions(read(after_version=5)) == [6, 7]
    assert read(after_version=7) == {"events": [], "next_version": None}


@pytest.mark.parametrize("limit", range(1, 9))
def test_following_next_version_gives_each_event_once(limit: int) -> None:
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        answer = read(after_version=after, limit=limit)
        assert len(answer["events"]) <= limit
        seen += versions(answer)
        after = answer["next_version"]
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_an_order_that_nobody_placed_has_no_events() -> None:
    nobodys = "00000000-0000-4000-8000-000000000000"
    assert read_events.handler({"order_id": nobodys}, None)["events"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"order_id": "1"},
        {"after_version": -1},
        {"limit": 0},
        {"limit": MAX_EVENTS + 1},
        {"limit": "all"},
        {"after": 3},
    ],
)
def test_a_request_of_another_form_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(**wrong)
