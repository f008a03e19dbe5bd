"""Time as every message writes it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import clock

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
    "text", ["", "now", "2026-12-01", "2026-12-01T09:30:00", "25:00", "\ud800"]
)
def test_what_is_no_time_or_names_no_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the standard library's words differ
        clock.parse_time(text)
