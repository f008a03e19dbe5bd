"""Time as every message writes it."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime import clock

moments = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)


def test_now_is_written_in_utc_to_the_millisecond() -> None:
    before = datetime.now(UTC)
    now = clock.now()
    assert len(now) == len("2026-12-01T09:30:00.125Z")
    assert now.endswith("Z")
    assert abs(clock.parse_time(now) - before) < timedelta(seconds=5)


@given(moments, moments)
def test_texts_sort_as_times_do(one: datetime, other: datetime) -> None:
    if one <= other:
        assert clock.format_time(one) <= clock.format_time(other)


@given(moments)
def test_a_time_is_read_back_to_the_millisecond(moment: datetime) -> None:
    read = clock.parse_time(clock.format_time(moment))
    assert timedelta() <= moment - read < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "text", ["2026-12-01T10:30:00+01:00", "2026-12-01T09:30:00Z", "2026-12-01T09:30:00.000Z"]
)
def test_the_same_moment_may_come_with_any_offset(text: str) -> None:
    assert clock.format_time(clock.parse_time(text)) == "2026-12-01T09:30:00.000Z"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-12-01t09:30:00z", "2026-12-01T09:30:00.000Z"),
        ("2026-12-01T09:30:00.1239999999Z", "2026-12-01T09:30:00.123Z"),
        ("2026-12-01T09:30:00-00:00", "2026-12-01T09:30:00.000Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"),
        ("2017-01-01T01:59:60.5+02:00", "2016-12-31T23:59:59.999Z"),
    ],
)
def test_every_way_of_rfc_3339_is_read(text: str, read: str) -> None:
    assert clock.format_time(clock.parse_time(text)) == read


@pytest.mark.parametrize(
    "text",
    [
        "2026-W49-2T09:30Z",
        "2026-W49-2T09:30:00Z",
        "20261201T093000Z",
        "2026-12-01T09:30Z",
        "2026-12-01T09Z",
        "2026-12-01 09:30:00Z",
        "2026-12-01T09:30:00,5Z",
        "2026-12-01T09:30:00+0100",
        "2026-12-01T09:30:00+01",
        "2026-12-01T09:30:00+01:00:30",
        "2026-12-01T24:00:00Z",
        "2026-12-01T09:60:00Z",
        "2026-02-30T09:30:00Z",
        "2026-12-01T09:30:00Z\n",
        "٢٠٢٦-12-01T09:30:00Z",
        "2026-12-01T09:30:60Z",
        "2026-12-15T23:59:60Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_what_rfc_3339_does_not_know_is_refused_in_words(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"RFC 3339|out of range|no leap|before the year|must be in"
    ):
        clock.parse_time(text)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader_of_times(text: str) -> None:
    with suppress(ValueError):
        clock.parse_time(text)


NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "text", ["2026-11-30T09:30:00Z", "2026-12-02T09:30:00Z", "2026-12-01T09:30:00Z"]
)
def test_a_time_within_the_window_is_taken(text: str) -> None:
    clock.parse_time_near(text, past=DAY, future=DAY, now=NOW)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-30T09:29:59Z",
        "2026-12-02T09:30:01Z",
        "1900-01-01T00:00:00Z",
        "9999-12-31T23:59:59+23:59",
    ],
)
def test_a_time_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="too"):
        clock.parse_time_near(text, past=DAY, future=DAY, now=NOW)


@pytest.mark.parametrize(
    "text", ["", "now", "2026-12-01", "2026-12-01T09:30:00", "25:00", "\ud800"]
)
def test_what_is_no_time_or_names_no_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the standard library's words differ
        clock.parse_time(text)


def test_a_later_time_is_written_as_every_message_writes_it() -> None:
    assert clock.later("2026-12-31T23:59:59.500Z", 1.25) == "2027-01-01T00:00:00.750Z"
    with pytest.raises(ValueError, match="not an RFC 3339 time"):
        clock.later("tomorrow", 1)
