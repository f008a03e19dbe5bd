"""What orders lists for others is paged: by time for reconciliation, by size for whoever reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from orders.adapters.event_codec import CODEC, HOUR, PARTS
from orders.handlers import list_events, read_events
from shared.messaging.fingerprint import fingerprint
from shared.runtime import aws
from shared.runtime.environment import forget
from tests.support.examples.orders import PLACED, recorded
from tests.support.fakes.dynamodb_wire import DynamoDbWire

ORDER = recorded(PLACED, 1).aggregate_id
LAMBDA_PASSES_ON = 6 * 1024 * 1024


class Indexed:
    """A table with its index of keys by hour, two keys to a page; half of a batch stays unread."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        self.items = items

    def query(self, **request: Any) -> dict[str, Any]:
        assert request["IndexName"] == "by-time"
        part = request["ExpressionAttributeValues"][":part"]
        found = [it for it in self.items if it["occurred_in"] == part]
        after = request.get("ExclusiveStartKey")
        start = next((n + 1 for n, it in enumerate(found) if after and _key(it) == after), 0)
        more = {"LastEvaluatedKey": _key(found[start + 1])} if start + 2 < len(found) else {}
        return {"Items": [_key(it) for it in found[start : start + 2]], **more}

    def batch_get_item(self, *, RequestItems: Any) -> dict[str, Any]:  # noqa: N803
        ((table, asked),) = RequestItems.items()
        assert asked["ConsistentRead"]
        now, later = asked["Keys"][:1], asked["Keys"][1:]
        names = ("order_id", "version")
        found = [it for it in self.items if {name: it[name] for name in names} in now]
        left = {table: {"Keys": later}} if later else {}
        return {"Responses": {table: found}, "UnprocessedKeys": left}


def _key(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("occurred_in", "order_id", "version")}


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("EVENT_STORE_TABLE", "event-store")
    forget()
    yield
    forget()


def test_an_hours_parts_name_every_event_of_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hour = recorded(PLACED, 1).occurred_at[:HOUR]
    events = [recorded(PLACED, version) for version in range(1, 8)]
    other = msgspec.structs.replace(events[0], version=9, occurred_at="2020-01-01T00:00:00.000Z")
    fake = Indexed([CODEC.to_item(it) for it in (*events, other)])
    monkeypatch.setattr(aws, "client", {"dynamodb": fake}.__getitem__)
    found: list[Any] = []
    for part in range(PARTS):
        after = None
        while True:
            answer = list_events.handler({"hour": hour, "part": part, "after": after}, None)
            assert answer["parts"] == PARTS
            found += answer["events"]
            after = answer["next"]
            if after is None:
                break
    expected = [CODEC.to_envelope(CODEC.to_item(it)) for it in events]
    assert sorted(found) == [
        [ORDER, it.version, it.occurred_at, fingerprint(it)] for it in expected
    ]


@pytest.mark.parametrize(
    "asked", [{}, {"hour": "2026-12-01"}, {"hour": "2026-12-01T09", "part": PARTS}]
)
def test_no_such_part_of_an_hour_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        list_events.handler(asked, None)


def test_orders_are_spread_over_the_parts_of_an_hour() -> None:
    one = recorded(PLACED, 1)
    ids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(800)]
    placed = [msgspec.structs.replace(one, aggregate_id=it) for it in ids]
    parts = [CODEC.to_item(it)["occurred_in"]["S"] for it in placed]
    counts = {part: parts.count(part) for part in set(parts)}
    assert len(counts) == PARTS
    assert max(counts.values()) < 2 * len(ids) / PARTS


def test_a_history_of_large_events_comes_in_answers_that_lambda_passes_on(
    event_store: DynamoDbWire,
) -> None:
    for version in range(1, 41):
        item: dict[str, Any] = CODEC.to_item(recorded(PLACED, version))
        large = {"text": "x" * 250 * 1024}
        event_store.items[ORDER, version] = item | {
            "data": {"S": msgspec.json.encode(large).decode()}
        }
    versions: list[int] = []
    after: int | None = 0
    answers = 0
    while after is not None:
        answer = read_events.handler({"order_id": ORDER, "after_version": after}, None)
        assert len(msgspec.json.encode(answer)) < LAMBDA_PASSES_ON
        versions += [it["version"] for it in answer["events"]]
        after = answer["next_version"]
        answers += 1
    assert versions == list(range(1, 41))
    assert answers > 1
