"""Reconciliation asks the relay for events that the log lacks, and what the store holds."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from orders.adapters.event_codec import CODEC
from orders.handlers import relay, scan_events
from shared.messaging.fingerprint import fingerprint
from shared.runtime import aws
from shared.runtime.environment import forget
from tests.support.examples.orders import CANCELLED, PLACED, recorded
from tests.support.fakes.dynamodb_wire import DynamoDbWire
from tests.support.fakes.fake_kinesis import FakeKinesis

ORDER = recorded(PLACED, 1).aggregate_id


class ScannedTable:
    """DynamoDB's Scan over a few items, two to a page."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        self.items = items
        self.requests: list[dict[str, Any]] = []

    def scan(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        after = request.get("ExclusiveStartKey")
        keys = [{name: item[name] for name in ("order_id", "version")} for item in self.items]
        start = keys.index(after) + 1 if after else 0
        page = self.items[start : start + 2]
        more = {"LastEvaluatedKey": keys[start + 1]} if start + 2 < len(self.items) else {}
        return {"Items": page, **more}


@pytest.fixture
def kinesis(event_store: DynamoDbWire, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKinesis]:
    """The log; the event store holds three events of one order."""
    for version in (1, 2, 3):
        event = recorded(PLACED if version == 1 else CANCELLED, version)
        event_store.items[ORDER, version] = CODEC.to_item(event)
    fake = FakeKinesis()
    monkeypatch.setenv("EVENT_STREAM_ARN", "arn:stream")
    dynamodb = aws.client("dynamodb")
    monkeypatch.setattr(aws, "client", {"kinesis": fake, "dynamodb": dynamodb}.__getitem__)
    forget()
    yield fake
    forget()


def test_the_versions_that_are_asked_for_are_published_in_order(kinesis: FakeKinesis) -> None:
    request = {"republish": [{"order_id": ORDER, "versions": [3, 1]}]}
    assert relay.handler(request, None) == {"republished": 2}
    assert kinesis.versions(ORDER) == [1, 3]


def test_a_version_that_the_store_does_not_have_is_not_made_up(kinesis: FakeKinesis) -> None:
    request = {"republish": [{"order_id": ORDER, "versions": [3, 9]}]}
    assert relay.handler(request, None) == {"republished": 1}


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"republish": []},
        {"republish": [{"order_id": "x", "versions": [1]}]},
        {"republish": [{"order_id": ORDER, "versions": []}]},
        {"republish": [{"order_id": ORDER, "versions": [0]}]},
        {"republish": [{"order_id": ORDER, "versions": [1], "data": {}}]},
        {"republish": [{"order_id": ORDER, "versions": [1]}] * 101},
    ],
)
def test_whoever_asks_for_something_else_is_refused(
    request_: dict[str, Any], kinesis: FakeKinesis
) -> None:
    with pytest.raises(msgspec.ValidationError):
        relay.handler(request_, None)
    assert kinesis.calls == []


def test_a_scan_names_every_event_once_over_all_pages(
    event_store: DynamoDbWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    items: list[Any] = [CODEC.to_item(recorded(PLACED, version)) for version in (1, 2, 3, 4, 5)]
    table = ScannedTable(items)
    monkeypatch.setattr(aws, "client", {"dynamodb": table}.__getitem__)
    monkeypatch.setattr(scan_events, "MAX_EVENTS", 2)
    found: list[Any] = []
    after = None
    while True:
        answer = scan_events.handler({"after": after}, None)
        found += answer["events"]
        after = answer["next"]
        if after is None:
            break
    expected = [CODEC.to_envelope(item) for item in items]
    assert found == [[ORDER, it.version, it.occurred_at, fingerprint(it)] for it in expected]
    assert all(request["ConsistentRead"] for request in table.requests)


def test_a_fingerprint_tells_events_apart_by_any_field() -> None:
    event = CODEC.to_envelope(CODEC.to_item(recorded(PLACED, 1)))
    changed = [
        msgspec.structs.replace(event, occurred_at="2026-12-01T09:30:00.126Z"),
        msgspec.structs.replace(event, version=2),
        msgspec.structs.replace(event, data={**event.data, "total": 1}),
    ]
    assert len({fingerprint(it) for it in (event, *changed)}) == 4
    reordered = msgspec.structs.replace(event, data=dict(reversed(event.data.items())))
    assert fingerprint(reordered) == fingerprint(event)
