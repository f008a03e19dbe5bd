"""Reconciliation asks what the whole event store holds, by id and fingerprint."""

from typing import Any

import msgspec
import pytest

from orders.adapters.event_codec import CODEC
from orders.handlers import scan_events
from shared.messaging.fingerprint import fingerprint
from shared.runtime import aws
from tests.support.examples.orders import PLACED, recorded
from tests.support.fakes.dynamodb_wire import DynamoDbWire

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
