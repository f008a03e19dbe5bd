"""Time as every message writes it: RFC 3339, UTC, milliseconds."""

from datetime import UTC, datetime


def now() -> str:
    """The present, such as ``2026-12-01T09:30:00.125Z``; such texts sort as times do."""
    return format_time(datetime.now(UTC))


def format_time(moment: datetime) -> str:
    """A timezone-aware moment in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time with any offset.

    Raises:
        ValueError: it is not a time, or names no offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no offset from UTC")
    return moment.astimezone(UTC)
