"""The questions that the console asks of what it keeps itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.activity import Activity
from console.domain.cursor import MOST_TOLD, Cursor, cursor
from console.domain.order_row import OrderRow
from console.domain.sealed_text import NotSealed, opened, sealed
from console.ports import Messages, Orders
from shared.runtime import clock
from shared.runtime.patterns import is_uuid

KEPT = timedelta(hours=24)
SETTLING = timedelta(seconds=5)
"""How late a message may be found, after others that were recorded later."""
CLOCKS_DIFFER = timedelta(minutes=1)
"""How far the clock of who records may be ahead of who reads."""
FIRST = 50
MOST_SHOWN = 200
MOST_READ = 2000
"""How many messages one pulse goes through: half a megabyte, and a tenth of a second."""
PAGE = 50
_PAGE = "orders"


@dataclass(frozen=True, slots=True)
class Pulse:
    """What came since a cursor: ``activity`` is the newest of it, oldest first.

    ``counts`` is by type, of all of it, and ``left_out`` how many are only counted. With a ``gap``
    more came than is kept, or than one pulse goes through: it is neither told nor counted.
    """

    cursor: str
    activity: Sequence[Activity]
    left_out: int
    counts: Mapping[str, int]
    gap: bool


def pulse(messages: Messages, after: Cursor | None, now: datetime) -> Pulse:
    """What the bus carried since, or the last of it."""
    forgotten = now - KEPT
    if after is None or after.since < forgotten:
        return _first_pulse(messages, now, gap=after is not None)
    found = messages.since(after.since, now + CLOCKS_DIFFER, MOST_READ + 1)
    is_cut = len(found) > MOST_READ
    found = found[:MOST_READ]
    new = [it for it in found if not after.has_told(it.id)]
    return Pulse(
        _next(found, max(after.since, now - SETTLING), is_cut).text(),
        new[:MOST_SHOWN][::-1],
        max(0, len(new) - MOST_SHOWN),
        dict(Counter(it.type for it in new)),
        is_cut,
    )


def _first_pulse(messages: Messages, now: datetime, *, gap: bool) -> Pulse:
    found = messages.since(now - KEPT, now + CLOCKS_DIFFER, FIRST)
    return Pulse(
        _next(found, now - SETTLING, is_cut=len(found) == FIRST).text(),
        found[::-1],
        0,
        dict(Counter(it.type for it in found)),
        gap,
    )


def _next(found: Sequence[Activity], since: datetime, is_cut: bool) -> Cursor:
    """From where to read on, when these were found, newest first, and all before them is told."""
    recent = [it for it in found if clock.parse_time(it.recorded_at) >= since]
    if len(recent) > MOST_TOLD or (is_cut and len(recent) == len(found)):
        recent = recent[:MOST_TOLD]
        since = clock.parse_time(recent[-1].recorded_at)
    return cursor(since, [it.id for it in recent])


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the orders of late; ``next`` is None on the last page."""

    orders: Sequence[OrderRow]
    next: str | None


def orders(rows: Orders, after: str | None, now: datetime) -> Page:
    """The orders of a day, newest first. Raises NotSealed: ``after`` was given out by no page."""
    before = _place(after) if after is not None else None
    found = rows.listed(now - KEPT, now + CLOCKS_DIFFER, before, PAGE + 1)
    page = found[:PAGE]
    last = page[-1] if len(found) > PAGE else None
    return Page(page, sealed(_PAGE, f"{last.listed_at}#{last.order_id}".encode()) if last else None)


def _place(text: str) -> tuple[str, str]:
    """Where in the list a page begins."""
    try:
        listed_at, _, order_id = opened(_PAGE, text).decode("ascii").partition("#")
        clock.parse_time(listed_at)
    except ValueError as malformed:
        raise NotSealed from malformed
    if not is_uuid(order_id):
        raise NotSealed
    return listed_at, order_id
