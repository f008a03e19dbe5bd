"""Which object holds an event is found in those of its minutes, within bounds."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from event_log.adapters import archived_events
from event_log.adapters.archived_events import ArchivedEvents, Sought
from event_log.environment import ShownArchiveEnvironment
from event_log.handlers import show_archive
from tests.support.fakes.in_memory_s3 import InMemoryS3

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
STEM = "parcels-dev-Delivery-1"


def its_id(number: int) -> str:
    return f"7cf2b688-5c95-56cf-8177-{number:012}"


def key_at(moment: datetime, number: int = 0, stem: str = STEM) -> str:
    name = f"{stem}-{moment:%Y-%m-%d-%H-%M-%S}-5eb1a7e5-0000-4000-8000-{number:012}.jsonl.gz"
    return f"events/day={moment:%Y-%m-%d}/{name}"


def deliver(s3: InMemoryS3, moment: datetime, *numbers: int, zipped: bool = True) -> str:
    """An object with these events, among others."""
    key = key_at(moment, len(s3.objects))
    lines = b"".join(
        json.dumps({"event_id": its_id(it)}, separators=(",", ":")).encode() + b"\n"
        for it in (900, *numbers)
    )
    s3.objects[key] = gzip.compress(lines) if zipped else lines
    s3.modified[key] = moment + timedelta(seconds=61)
    return key


def sought(*found: tuple[int, datetime]) -> list[Sought]:
    return [Sought(its_id(number), moment) for number, moment in found]


@pytest.fixture
def s3() -> InMemoryS3:
    return InMemoryS3()


def test_an_event_is_found_in_the_objects_of_its_minutes(s3: InMemoryS3) -> None:
    for minutes in range(-600, -10, 5):
        deliver(s3, NOON + timedelta(minutes=minutes), 500)
    first = deliver(s3, NOON - timedelta(seconds=40), 1)
    second = deliver(s3, NOON + timedelta(minutes=1), 2, zipped=False)
    for minutes in range(20, 60):
        deliver(s3, NOON + timedelta(minutes=minutes), 3)
    search = ArchivedEvents(s3, "archive").search(
        sought((1, NOON), (2, NOON + timedelta(seconds=70)))
    )
    assert {it: found.key for it, found in search.found.items()} == {
        its_id(1): first,
        its_id(2): second,
    }
    assert (search.objects, search.is_cut) == (2, False)
    assert s3.lists < 6, "a day is not listed from its begin"


def test_what_is_in_none_of_them_is_not_found_and_nobody_reads_on(s3: InMemoryS3) -> None:
    for minutes in range(0, 120, 5):
        deliver(s3, NOON + timedelta(minutes=minutes), 500)
    search = ArchivedEvents(s3, "archive").search(sought((1, NOON)))
    assert (search.found, search.objects, search.is_cut) == ({}, 4, False)


def test_around_midnight_both_days_are_looked_at(s3: InMemoryS3) -> None:
    midnight = datetime(2026, 12, 2, tzinfo=UTC)
    before = deliver(s3, midnight - timedelta(seconds=30), 1)
    after = deliver(s3, midnight + timedelta(seconds=30), 2)
    search = ArchivedEvents(s3, "archive").search(
        sought((1, midnight + timedelta(seconds=2)), (2, midnight - timedelta(seconds=2)))
    )
    assert {found.key for found in search.found.values()} == {before, after}


def test_no_more_objects_and_bytes_are_read_than_are_allowed(
    s3: InMemoryS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds in range(100):
        deliver(s3, NOON + timedelta(seconds=seconds), 500)
    search = ArchivedEvents(s3, "archive").search(sought((1, NOON)))
    assert (search.objects, search.is_cut) == (archived_events.MOST_OBJECTS, True)
    monkeypatch.setattr(archived_events, "MOST_BYTES", 200)
    assert ArchivedEvents(s3, "archive").search(sought((1, NOON))).objects < 5


def test_of_many_objects_the_nearest_are_read_first(s3: InMemoryS3) -> None:
    for seconds in range(-110, 0):
        deliver(s3, NOON + timedelta(seconds=seconds), 500)
    own = deliver(s3, NOON + timedelta(seconds=1), 1)
    search = ArchivedEvents(s3, "archive").search(sought((1, NOON)))
    assert [it.key for it in search.found.values()] == [own]
    assert search.objects < 5


def test_an_empty_day_and_names_of_others_are_no_harm(s3: InMemoryS3) -> None:
    assert ArchivedEvents(s3, "archive").search(sought((1, NOON))).found == {}
    s3.objects["events/day=2026-12-01/something else"] = b"\x1f\x8b broken"
    assert ArchivedEvents(s3, "archive").search(sought((1, NOON))).found == {}


def test_the_function_answers_by_event(s3: InMemoryS3, monkeypatch: pytest.MonkeyPatch) -> None:
    key = deliver(s3, NOON, 1)
    monkeypatch.setattr("shared.runtime.aws.brief_client", lambda _service: s3)
    monkeypatch.setattr(show_archive, "load", lambda _form: ShownArchiveEnvironment("archive"))
    asked = [{"event_id": its_id(it), "occurred_at": "2026-12-01T12:00:00.000Z"} for it in (1, 2)]
    answer = show_archive.handler({"events": asked}, None)
    assert answer == {
        "found": {
            its_id(1): {
                "object": key,
                "size": len(s3.objects[key]),
                "delivered_at": "2026-12-01T12:01:01.000Z",
            }
        },
        "objects": 1,
        "capped": False,
    }


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"events": []},
        {"events": [{"event_id": "x", "occurred_at": "2026-12-01T12:00:00.000Z"}]},
        {"events": [{"event_id": its_id(1), "occurred_at": "yesterday"}]},
        {"events": [{"event_id": its_id(1), "occurred_at": "2026-12-01T12:00:00.000Z"}] * 21},
        {"key": "events/day=2026-12-01/x"},
    ],
)
def test_what_is_no_question_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        show_archive.handler(asked, None)
