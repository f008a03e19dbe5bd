"""Time as every message writes it: RFC 3339, UTC, milliseconds."""

import re
from datetime import UTC, datetime, timedelta

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a partner's clock may be ahead of ours."""
_RFC_3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):\d{2}):(\d{2})(\.\d+)?([Zz]|[+-]\d{2}:[0-5]\d)",
    re.ASCII,
)


def now() -> str:
    """The present, such as ``2026-12-01T09:30:00.125Z``; such texts sort as times do."""
    return format_time(datetime.now(UTC))


def format_time(moment: datetime) -> str:
    """A timezone-aware moment in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def later(moment: str, seconds: float) -> str:
    """The time so many seconds after another one. Raises ValueError as ``parse_time`` does."""
    return format_time(parse_time(moment) + timedelta(seconds=seconds))


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time with any offset, in either case of T and Z.

    A leap second ends a month in UTC (RFC 3339, section 5.7); it is read as the last microsecond
    before the next month, since neither Python nor our times have it.

    Raises:
        ValueError: it is not such a time, names no offset, or is before the year 1 or after 9999
            in UTC.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not an RFC 3339 time such as 2026-12-01T09:30:00Z")
    day, minute, second, fraction, offset = match.groups()
    is_leap = second == "60"
    second = "59.999999" if is_leap else f"{second}{(fraction or '')[:7]}"
    offset = "+00:00" if offset in "zZ" else offset
    try:
        moment = datetime.fromisoformat(f"{day}T{minute}:{second}{offset}").astimezone(UTC)
    except OverflowError as beyond:
        raise ValueError(f"{text[:40]!r} is before the year 1 or after 9999 in UTC") from beyond
    if is_leap and not _ends_a_month(moment):
        raise ValueError(f"{text[:40]!r} is no leap second: those end a month in UTC")
    return moment


def parse_time_near(
    text: str, *, past: timedelta | None, future: timedelta, now: datetime | None = None
) -> datetime:
    """Read an RFC 3339 time that somebody else's clock gave, and that must be near ours.

    ``past`` None sets no bound there.

    Raises:
        ValueError: it is no time, or further from now than that.
    """
    moment, now = parse_time(text), now or datetime.now(UTC)
    if moment - now > future:
        raise ValueError(f"{text[:40]!r} is too far in the future")
    if past is not None and now - moment > past:
        raise ValueError(f"{text[:40]!r} is too long ago")
    return moment


def _ends_a_month(moment: datetime) -> bool:
    return (moment.hour, moment.minute) == (23, 59) and (moment + timedelta(days=1)).day == 1
