"""The relay of any aggregate: from a batch of its table's stream to the log, and when asked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.event_sourcing import relay
from shared.event_sourcing.relay import MAX_AGGREGATES
from shared.messaging.envelope import decode
from shared.messaging.kinesis_log import LogUnavailable
from shared.runtime.payloads import MAX_EVENT_BYTES
from tests.support.examples.parcels import CODEC, PARCEL, SCANNED, SENT, recorded
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from tests.support.fakes.fake_kinesis import FakeKinesis

NOBODYS = "00000000-0000-4000-8000-000000000000"


def handler(event: dict[str, Any], context: Any) -> dict[str, Any] | None:
    return relay.handler_of(CODEC)(event, context)


def stream_of(*items: dict[str, Any], event_name: str = "INSERT") -> dict[str, Any]:
    image = "OldImage" if event_name == "REMOVE" else "NewImage"
    return {
        "Records": [
            {"eventName": event_name, "dynamodb": {"SequenceNumber": "1", image: item}}
            for item in items
        ]
    }


def test_an_appended_event_is_published_as_the_store_keeps_it(kinesis: FakeKinesis) -> None:
    stored = CODEC.to_item(recorded(SENT, 1))
    assert handler(stream_of(stored), None) is None
    assert kinesis.acknowledged == [CODEC.to_envelope(stored)]


def test_a_batch_keeps_each_aggregates_order_and_is_counted(
    kinesis: FakeKinesis, capsys: pytest.CaptureFixture[str]
) -> None:
    handler(stream_of(*(CODEC.to_item(recorded(SCANNED, it)) for it in (1, 2, 3))), None)
    assert kinesis.versions(PARCEL) == [1, 2, 3]
    assert '"EventsPublished":3' in capsys.readouterr().out.replace(" ", "")


def test_events_are_put_under_their_aggregate_or_whatever_keeps_their_order(
    kinesis: FakeKinesis,
) -> None:
    item = CODEC.to_item(recorded(SENT, 1))
    handler(stream_of(item), None)
    relay.handler_of(CODEC, lambda event: event.data["depot"])(stream_of(item), None)
    assert [call[0]["PartitionKey"] for call in kinesis.calls] == [PARCEL, "north"]


@pytest.mark.parametrize("event_name", ["MODIFY", "REMOVE"])
def test_what_is_no_insertion_is_not_an_event(event_name: str, kinesis: FakeKinesis) -> None:
    handler(stream_of(CODEC.to_item(recorded(SENT, 1)), event_name=event_name), None)
    assert kinesis.calls == []


def test_an_event_of_a_kind_that_the_relay_does_not_know_is_published_all_the_same(
    kinesis: FakeKinesis,
) -> None:
    item = CODEC.to_item(recorded(SENT, 1)) | {"type": {"S": "Teleported"}}
    handler(stream_of(item), None)
    assert decode(kinesis.calls[0][0]["Data"]).type == "Teleported"


BROKEN: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no version": {"version": {"S": "one"}},
    "a version that is none": {"version": {"N": "1.5"}},
    "data that is no JSON": {"data": {"S": "{"}},
    "data that is deep": {"data": {"S": "[" * 100_000}},
    "a long id": {"parcel_id": {"S": "x" * 257}, "data": {"S": "{}"}},
    "data that is large": {"data": {"S": '{"text": "' + "x" * MAX_EVENT_BYTES + '"}'}},
}


@pytest.mark.parametrize("broken", BROKEN)
def test_an_item_that_somebody_else_wrote_holds_no_event_back(
    broken: str, kinesis: FakeKinesis, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = [CODEC.to_item(recorded(SENT, 1)), CODEC.to_item(recorded(SCANNED, 2))]
    item = CODEC.to_item(recorded(SCANNED, 3)) | BROKEN[broken] if BROKEN[broken] else {}
    handler(stream_of(whole[0], item, whole[1]), None)
    assert kinesis.versions(PARCEL) == [1, 2]
    said = capsys.readouterr().out.replace(" ", "")
    assert '"EventsNotPublished":1' in said
    assert "eventnotpublished" in said


def test_the_keys_of_what_cannot_be_published_are_told(
    kinesis: FakeKinesis, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = {"parcel_id": {"S": PARCEL}, "version": {"N": "7"}}
    batch = stream_of({})
    batch["Records"][0]["dynamodb"]["Keys"] = keys
    handler(batch, None)
    said = capsys.readouterr().out
    assert PARCEL in said
    assert "KeyError" in said


def test_a_log_that_is_down_fails_the_batch_so_that_it_comes_again(
    kinesis: FakeKinesis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda _least, _most: 0)
    monkeypatch.setattr(kinesis, "_refuse", lambda _call, _position: True)
    with pytest.raises(LogUnavailable):
        handler(stream_of(CODEC.to_item(recorded(SENT, 1))), None)


@pytest.fixture
def kept_events(database: DynamoDbInMemory) -> None:
    """Seven events of one parcel are in the store."""
    for version in range(1, 8):
        database.put_item(TableName="parcels", Item=CODEC.to_item(recorded(SCANNED, version)))


@pytest.mark.usefixtures("kept_events")
@pytest.mark.parametrize("page", [1, 2, 3, 500])
@pytest.mark.parametrize("versions", [[1], [7], [2, 3, 6], [6, 2], list(range(1, 8))])
def test_what_never_reached_the_log_is_published_again_when_it_is_asked_for(
    versions: list[int], page: int, kinesis: FakeKinesis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "PAGE", page)
    asked = {"republish": [{"parcel_id": PARCEL, "versions": versions}]}
    assert handler(asked, None) == {"republished": len(versions)}
    assert kinesis.versions(PARCEL) == sorted(versions)


@pytest.mark.usefixtures("kept_events")
def test_no_more_is_read_than_is_asked_for(
    kinesis: FakeKinesis, database: DynamoDbInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "PAGE", 2)
    database.calls.clear()
    handler({"republish": [{"parcel_id": PARCEL, "versions": [4, 5]}]}, None)
    ((_, request),) = database.calls
    assert request["ExpressionAttributeValues"][":after"] == {"N": "3"}
    assert request["Limit"] == 2


@pytest.mark.usefixtures("kept_events")
def test_what_the_store_does_not_have_is_not_published(kinesis: FakeKinesis) -> None:
    for parcel_id, versions in ((PARCEL, [8, 9]), (NOBODYS, [1])):
        asked = {"republish": [{"parcel_id": parcel_id, "versions": versions}]}
        assert handler(asked, None) == {"republished": 0}
    assert kinesis.calls == []


@pytest.mark.usefixtures("kept_events")
def test_as_many_aggregates_as_a_request_may_name_are_looked_for(kinesis: FakeKinesis) -> None:
    one = {"parcel_id": PARCEL, "versions": [1]}
    nobodys = {"parcel_id": NOBODYS, "versions": [1]}
    asked = {"republish": [nobodys] * (MAX_AGGREGATES - 1) + [one]}
    assert handler(asked, None) == {"republished": 1}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"republish": []},
        {"republish": [{"parcel_id": "p-1", "versions": [1]}]},
        {"republish": [{"order_id": PARCEL, "versions": [1]}]},
        {"republish": [{"aggregate_id": PARCEL, "versions": [1]}]},
        {"republish": [{"parcel_id": PARCEL, "versions": []}]},
        {"republish": [{"parcel_id": PARCEL, "versions": [0]}]},
        {"republish": [{"parcel_id": PARCEL, "versions": [1], "data": {}}]},
        {"republish": [{"parcel_id": PARCEL, "versions": [1]}], "all": True},
        {"republish": [{"parcel_id": PARCEL, "versions": [1]}] * (MAX_AGGREGATES + 1)},
        {"publish": "everything"},
    ],
)
def test_a_request_of_another_form_is_an_error(asked: dict[str, Any], kinesis: FakeKinesis) -> None:
    with pytest.raises(msgspec.ValidationError):
        handler(asked, None)
    assert kinesis.calls == []
