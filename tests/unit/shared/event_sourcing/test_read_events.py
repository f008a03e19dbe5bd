"""How other services fetch the stretch of any aggregate's events that they miss."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.event_sourcing import read_events
from shared.event_sourcing.read_events import MAX_EVENTS, PAGE
from shared.messaging.envelope import Envelope
from tests.support.examples.parcels import CODEC, PARCEL, SCANNED, SENT, recorded
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

pytestmark = pytest.mark.usefixtures("kinesis", "seven_events")


@pytest.fixture
def seven_events(database: DynamoDbInMemory) -> None:
    for version in range(1, 8):
        event = recorded(SENT if version == 1 else SCANNED, version)
        database.put_item(TableName="parcels", Item=CODEC.to_item(event))
    database.calls.clear()


def read(**asked: Any) -> dict[str, Any]:
    return read_events.handler_of(CODEC)({"parcel_id": PARCEL, **asked}, None)


def versions(answer: dict[str, Any]) -> list[int]:
    return [event["version"] for event in answer["events"]]


def test_everything_is_given_by_default() -> None:
    answer = read()
    assert versions(answer) == [1, 2, 3, 4, 5, 6, 7]
    assert answer["next_version"] is None
    assert msgspec.convert(answer["events"], list[Envelope])[0].type == "Sent"


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


def test_no_more_is_read_at_once_than_is_asked_for_or_than_a_page(
    database: DynamoDbInMemory,
) -> None:
    read(limit=1)
    read()
    assert {request["Limit"] for _, request in database.calls} == {1, PAGE}


def test_what_nobody_began_has_no_events() -> None:
    assert read(parcel_id="00000000-0000-4000-8000-000000000000")["events"] == []


def test_who_was_read_is_in_the_log_line(capsys: pytest.CaptureFixture[str]) -> None:
    answer = read(limit=3)
    line = msgspec.json.decode(capsys.readouterr().out.splitlines()[-1])
    assert (line["message"], line["parcel_id"], line["events"]) == ("events read", PARCEL, 3)
    assert line["correlation_id"] == answer["events"][-1]["correlation_id"]
    read(after_version=7)
    assert msgspec.json.decode(capsys.readouterr().out.splitlines()[-1])["events"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"parcel_id": "1"},
        {"order_id": PARCEL},
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


def test_the_bounds_of_a_request_are_within_them() -> None:
    assert versions(read(limit=MAX_EVENTS, after_version=0))[-1] == 7
