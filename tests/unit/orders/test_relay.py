"""The relay: from a batch of the table's stream to the log."""

from typing import Any

import msgspec
import pytest

from orders.adapters.event_codec import CODEC
from orders.handlers import relay
from shared.messaging.envelope import decode
from shared.messaging.kinesis_log import LogUnavailable
from shared.runtime import aws
from shared.runtime.environment import forget
from shared.runtime.payloads import MAX_EVENT_BYTES
from tests.support.examples.orders import CANCELLED, PLACED, recorded
from tests.support.fakes.dynamodb_wire import DynamoDbWire
from tests.support.fakes.fake_kinesis import FakeKinesis

REAL_CLIENT = aws.client


@pytest.fixture
def kinesis(monkeypatch: pytest.MonkeyPatch) -> FakeKinesis:
    fake = FakeKinesis()
    monkeypatch.setenv("EVENT_STREAM_ARN", "arn:stream")
    monkeypatch.setattr(aws, "client", {"kinesis": fake}.__getitem__)
    forget()
    return fake


def stream_record(item: dict[str, Any], event_name: str = "INSERT") -> dict[str, Any]:
    image = {"NewImage": item} if event_name != "REMOVE" else {"OldImage": item}
    return {"eventName": event_name, "dynamodb": {"SequenceNumber": "1", **image}}


def test_an_appended_event_is_published_as_the_store_keeps_it(kinesis: FakeKinesis) -> None:
    placed = recorded(PLACED, 1)
    relay.handler({"Records": [stream_record(CODEC.to_item(placed))]}, None)
    (published,) = kinesis.acknowledged
    assert (published.event_id, published.version) == (placed.event_id, 1)


def test_a_batch_keeps_each_orders_order(kinesis: FakeKinesis) -> None:
    items = [CODEC.to_item(recorded(PLACED, 1)), CODEC.to_item(recorded(CANCELLED, 2))]
    relay.handler({"Records": [stream_record(item) for item in items]}, None)
    assert [event.version for event in kinesis.acknowledged] == [1, 2]


@pytest.mark.parametrize("event_name", ["MODIFY", "REMOVE"])
def test_what_is_no_insertion_is_not_an_event(event_name: str, kinesis: FakeKinesis) -> None:
    item = CODEC.to_item(recorded(PLACED, 1))
    relay.handler({"Records": [stream_record(item, event_name)]}, None)
    assert kinesis.calls == []


def test_an_event_of_a_kind_that_the_relay_does_not_know_is_published_all_the_same(
    kinesis: FakeKinesis,
) -> None:
    item = CODEC.to_item(recorded(PLACED, 1)) | {"type": {"S": "OrderTeleported"}}
    relay.handler({"Records": [stream_record(item)]}, None)
    assert decode(kinesis.calls[0][0]["Data"]).type == "OrderTeleported"


BROKEN: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no version": {"version": {"S": "one"}},
    "a version that is none": {"version": {"N": "1.5"}},
    "data that is no JSON": {"data": {"S": "{"}},
    "data that is deep": {"data": {"S": "[" * 100_000}},
    "a long id": {"order_id": {"S": "x" * 257}, "data": {"S": "{}"}},
    "data that is large": {"data": {"S": '{"text": "' + "x" * MAX_EVENT_BYTES + '"}'}},
}


@pytest.mark.parametrize("broken", BROKEN)
def test_an_item_that_somebody_else_wrote_holds_no_event_back(
    broken: str, kinesis: FakeKinesis, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = [CODEC.to_item(recorded(PLACED, 1)), CODEC.to_item(recorded(CANCELLED, 2))]
    item = CODEC.to_item(recorded(PLACED, 3)) | BROKEN[broken] if BROKEN[broken] else {}
    relay.handler({"Records": [stream_record(it) for it in (whole[0], item, whole[1])]}, None)
    assert [event.version for event in kinesis.acknowledged] == [1, 2]
    assert "EventsNotPublished" in capsys.readouterr().out


def test_a_log_that_is_down_fails_the_batch_so_that_it_comes_again(
    kinesis: FakeKinesis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda _least, _most: 0)
    monkeypatch.setattr(kinesis, "_refuse", lambda _call, _position: True)
    with pytest.raises(LogUnavailable):
        relay.handler({"Records": [stream_record(CODEC.to_item(recorded(PLACED, 1)))]}, None)


@pytest.fixture
def kept_events(
    event_store: DynamoDbWire, kinesis: FakeKinesis, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Seven events of one order are in the store; returns its id."""
    clients = {"kinesis": kinesis, "dynamodb": REAL_CLIENT("dynamodb")}
    monkeypatch.setattr(aws, "client", clients.__getitem__)
    for version in range(1, 8):
        item = CODEC.to_item(recorded(PLACED, version))
        event_store.items[item["order_id"]["S"], version] = item
    return recorded(PLACED, 1).aggregate_id


@pytest.mark.parametrize("versions", [[1], [7], [2, 3, 6], [6, 2], list(range(1, 8))])
def test_what_never_reached_the_log_is_published_again_when_it_is_asked_for(
    versions: list[int], kept_events: str, kinesis: FakeKinesis
) -> None:
    asked = {"republish": [{"order_id": kept_events, "versions": versions}]}
    assert relay.handler(asked, None) == {"republished": len(versions)}
    assert kinesis.versions(kept_events) == sorted(versions)


def test_what_the_store_does_not_have_is_not_published(
    kept_events: str, kinesis: FakeKinesis
) -> None:
    nobodys = "00000000-0000-4000-8000-000000000000"
    for order_id, versions in ((kept_events, [8, 9]), (nobodys, [1])):
        asked = {"republish": [{"order_id": order_id, "versions": versions}]}
        assert relay.handler(asked, None) == {"republished": 0}
    assert kinesis.calls == []


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"republish": []},
        {"republish": [{"order_id": "o-1", "versions": [1]}]},
        {"republish": [{"order_id": "00000000-0000-4000-8000-000000000000", "versions": []}]},
        {"republish": [{"order_id": "00000000-0000-4000-8000-000000000000", "versions": [0]}]},
        {"publish": "everything"},
    ],
)
def test_a_request_of_another_form_is_an_error(asked: dict[str, Any], kinesis: FakeKinesis) -> None:
    with pytest.raises(msgspec.ValidationError):
        relay.handler(asked, None)
    assert kinesis.calls == []
