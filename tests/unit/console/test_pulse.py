"""A pulse tells each message once, in bounded answers, and says what it leaves out."""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta

import pytest

from console import queries
from console.adapters.dynamodb_activity import DynamoDbActivity
from console.domain.cursor import MOST_TOLD, Cursor, cursor, cursor_of
from console.domain.sealed_text import LONGEST, NotSealed, sealed
from console.queries import FIRST, MOST_READ, MOST_SHOWN, SETTLING, Pulse
from shared.runtime import clock
from tests.support.examples.activity import NOON, heard
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

SECOND = timedelta(seconds=1)


def ask(activity: DynamoDbActivity, after: str | None, now: datetime) -> Pulse:
    return queries.pulse(activity, cursor_of(after) if after else None, now)


def keep(activity: DynamoDbActivity, *moments: datetime) -> list[str]:
    messages = [heard(it) for it in moments]
    activity.keep(messages)
    return [it.id for it in messages]


def test_the_first_pulse_tells_the_last_fifty_however_long_ago(activity: DynamoDbActivity) -> None:
    ids = keep(activity, *(NOON - timedelta(minutes=20 * n) for n in reversed(range(FIRST + 10))))
    first = ask(activity, None, NOON)
    assert [it.id for it in first.activity] == ids[-FIRST:]
    assert not first.gap


def test_a_pulse_tells_what_came_since_and_nothing_twice(activity: DynamoDbActivity) -> None:
    keep(activity, NOON - 3 * SECOND)
    first = ask(activity, None, NOON)
    ids = keep(activity, NOON + SECOND)
    second = ask(activity, first.cursor, NOON + 2 * SECOND)
    assert [it.id for it in second.activity] == ids
    third = ask(activity, second.cursor, NOON + 3 * SECOND)
    assert (third.activity, third.counts, third.left_out) == ([], {}, 0)


def test_what_is_found_after_what_was_recorded_later_is_told_still(
    activity: DynamoDbActivity,
) -> None:
    first = ask(activity, None, NOON)
    keep(activity, NOON + 3 * SECOND)
    second = ask(activity, first.cursor, NOON + 3 * SECOND)
    late = keep(activity, NOON + 2 * SECOND)
    assert [it.id for it in ask(activity, second.cursor, NOON + 4 * SECOND).activity] == late


def test_a_clock_that_goes_back_makes_nothing_come_twice(activity: DynamoDbActivity) -> None:
    keep(activity, NOON - 4 * SECOND, NOON - SECOND)
    first = ask(activity, None, NOON)
    second = ask(activity, first.cursor, NOON + 4 * SECOND)
    third = ask(activity, second.cursor, NOON - 3 * SECOND)
    fourth = ask(activity, third.cursor, NOON + 5 * SECOND)
    assert (second.activity, third.activity, fourth.activity) == ([], [], [])


@pytest.mark.parametrize("seed", range(3))
def test_readers_that_ask_at_any_time_get_everything_once(
    activity: DynamoDbActivity, seed: int
) -> None:
    """Messages are found up to four seconds after they were recorded, in any order."""
    chance = random.Random(seed)
    found_at = sorted(
        (recorded + timedelta(seconds=chance.uniform(0, 4)), recorded)
        for recorded in (NOON + timedelta(seconds=chance.uniform(0, 60)) for _ in range(300))
    )
    after: str | None = ask(activity, None, NOON).cursor
    told: list[str] = []
    expected: list[str] = []
    now = NOON
    while found_at or now < NOON + timedelta(seconds=70):
        now += timedelta(seconds=chance.uniform(0.2, 3))
        while found_at and found_at[0][0] <= now:
            expected += keep(activity, found_at.pop(0)[1])
        pulse = ask(activity, after, clock.parse_time(clock.format_time(now)))
        told += [it.id for it in pulse.activity]
        after = pulse.cursor
    assert sorted(told) == sorted(expected)


def test_of_a_burst_the_newest_are_told_and_all_are_counted(activity: DynamoDbActivity) -> None:
    first = ask(activity, None, NOON)
    moments = [NOON + timedelta(milliseconds=n) for n in range(MOST_SHOWN + 300)]
    ids = keep(activity, *moments)
    burst = ask(activity, first.cursor, NOON + 2 * SECOND)
    assert [it.id for it in burst.activity] == ids[-MOST_SHOWN:]
    assert (burst.left_out, burst.counts) == (300, {"StockReserved": MOST_SHOWN + 300})
    assert not burst.gap
    assert ask(activity, burst.cursor, NOON + 3 * SECOND).counts == {}


def test_more_than_a_pulse_goes_through_is_a_gap(activity: DynamoDbActivity) -> None:
    first = ask(activity, None, NOON)
    keep(activity, *(NOON + timedelta(milliseconds=n) for n in range(MOST_READ + 5)))
    flood = ask(activity, first.cursor, NOON + 3 * SECOND)
    assert flood.gap
    assert flood.left_out == MOST_READ - MOST_SHOWN
    assert len(flood.cursor) <= LONGEST
    assert ask(activity, flood.cursor, NOON + 4 * SECOND).counts == {}


def test_who_comes_back_after_a_day_begins_anew_and_is_told_so(activity: DynamoDbActivity) -> None:
    left = ask(activity, None, NOON).cursor
    ids = keep(activity, NOON + timedelta(hours=20))
    assert [it.id for it in ask(activity, left, NOON + timedelta(hours=23)).activity] == ids
    after_a_day = ask(activity, left, NOON + timedelta(hours=25))
    assert (after_a_day.gap, [it.id for it in after_a_day.activity]) == (True, ids)


def test_an_idle_pulse_asks_the_table_once(
    activity: DynamoDbActivity, dynamodb: DynamoDbInMemory
) -> None:
    after = ask(activity, None, NOON + timedelta(minutes=30)).cursor
    dynamodb.calls.clear()
    ask(activity, after, NOON + timedelta(minutes=30, seconds=1))
    assert dynamodb.names() == ["query"]


def test_a_cursor_is_read_as_it_was_written() -> None:
    ids = [str(uuid.uuid4()) for _ in range(MOST_TOLD)]
    written = cursor(NOON, ids).text()
    assert len(written) <= LONGEST
    read = cursor_of(written)
    assert read.since == NOON
    assert all(read.has_told(it) for it in ids)
    assert not read.has_told(str(uuid.uuid4()))


@pytest.mark.parametrize("at", range(0, 40, 3))
def test_a_cursor_with_one_character_changed_is_refused(at: int) -> None:
    written = cursor(NOON, ["a", "b", "c"]).text()
    other = "A" if written[at % len(written)] != "A" else "B"
    at %= len(written)
    with pytest.raises(NotSealed):
        cursor_of(written[:at] + other + written[at + 1 :])


def test_a_cursor_has_one_text() -> None:
    """Base64 reads several last characters as the same bytes."""
    written = cursor(NOON, []).text()
    others = [written[:-1] + it for it in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if it != written[-1]]
    for other in others:
        with pytest.raises(NotSealed):
            cursor_of(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        "a b",
        "A" * (LONGEST + 1),
        "A" * 40,
        sealed("orders", b"2026-12-01T12:00:00.000Z#0d2f6b0e-8a1d-4c58-9d4e-0a5f5b6d7c81"),
        sealed("pulse", b"short"),
        sealed("pulse", b"\xff" * 8),
        sealed("pulse", b"\0" * 9),
        sealed("pulse", b"\0" * 8 + b"told" * (MOST_TOLD + 1)),
        cursor(NOON, ["a"]).text() + "=",
    ],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(NotSealed):
        cursor_of(text)


def test_a_cursor_knows_no_more_than_the_settling_time() -> None:
    assert timedelta(0) < SETTLING <= timedelta(seconds=10)
    assert not Cursor(NOON).told
