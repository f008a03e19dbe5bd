"""For operators that only look: the records of the log, a shard at a time, as they come."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any

import msgspec
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from event_log.adapters.log_tail import (
    FIRST_LOOK,
    MOST_SHARDS,
    Busy,
    LogTail,
    NoSuchShard,
    NotAPlace,
    PlaceExpired,
    TailRecord,
)
from event_log.adapters.newest_records import NewestRecords
from event_log.adapters.read_turns import BETWEEN_MS, ReadTurns
from event_log.environment import ShownLogEnvironment
from shared.messaging.log_records import Unreadable, read_envelope
from shared.runtime import aws, clock, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation

NO_JSON = "it is not JSON, or names a field twice"
NO_MESSAGE = "it is no message of ours"
MOST_DATA = 1024 * 1024
"""Bytes of records whose data is told in one answer: a function's answer has 6 MB at most."""
READ_SECONDS = 1.7
"""A read takes no longer, so that it is over before the next one's turn: connecting included."""
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]
Shard = Annotated[str, msgspec.Meta(pattern=r"^shardId-[0-9]{12}$(?!\n)")]
Sequenced = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,128}$(?!\n)")]
Read = Annotated[dict[Shard, Sequenced], msgspec.Meta(max_length=MOST_SHARDS)]
LATE = (Busy, ReadTimeoutError, ConnectTimeoutError)
Answer = dict[str, Any]


class ShowLog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request: ``place`` is one that an answer gave, ``since`` an RFC 3339 time.

    Without a shard, only the shards are told. ``newer_than`` has the sequence number of a record
    by shard, and asks for the newest one of each.
    """

    shard: Shard | None = None
    place: Text | None = None
    since: Text | None = None
    newer_than: Read | None = None


@invocation
def handler(event: Answer, _context: Any) -> Answer:
    """``{shards: [{shard, parents, open}], records: [{sequence, arrived_at, size, message,
    problem}], place, behind_ms, read, wait_ms, refused}``.

    There is one read in BETWEEN_MS in all, whoever asks: ``read`` says whether this was it, and
    ``wait_ms`` when to ask again. A record that is no envelope has a ``problem`` in place of the
    ``message``. Of many large ones, ``message.data`` is null. ``refused`` is null, or
    ``no-such-shard``, ``expired``, or ``not-a-place``.

    Asked for what is newer, it is ``{newest: {shard: {sequence, arrived_at, looked_at}}}`` of the
    shards that were looked at, one of them now if it was a turn. ``arrived_at`` is null where the
    record that was named, or one before it, is the newest.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
        ValueError: ``since`` is no time.
    """
    asked = msgspec.convert(event, ShowLog)
    tail = _tail()
    if asked.newer_than is not None:
        return _newest(tail, asked.newer_than)
    shards = tail.shards()
    answer: Answer = {
        "shards": [{"shard": it.name, "parents": it.parents, "open": it.is_open} for it in shards],
        **_nothing(asked.place, 0),
    }
    if asked.shard is None:
        return answer
    if asked.shard not in {it.name for it in shards}:
        return {**answer, "refused": "no-such-shard"}
    return {**answer, **_read(tail, asked.shard, asked.place, _since(asked.since))}


def _newest(tail: LogTail, read: dict[str, str]) -> Answer:
    now = datetime.now(UTC)
    due = _found().due(read, now)
    if due is not None:
        shard, after = due
        try:
            place = tail.place_after(shard, after)
            if not _turns().take():
                _found().found(shard, after, tail.read(place), now)
        except (NoSuchShard, NotAPlace):
            _found().gone(shard, after, now)
        except (PlaceExpired, *LATE) as late:
            log.warning("newest record not looked for", error=type(late).__name__)
    return {
        "newest": {
            shard: {
                "sequence": it.sequence,
                "arrived_at": it.arrived_at and clock.format_time(it.arrived_at),
                "looked_at": clock.format_time(it.looked_at),
            }
            for shard, it in _found().all(read).items()
        }
    }


def _since(text: str | None) -> datetime:
    return clock.parse_time(text) if text is not None else datetime.now(UTC) - FIRST_LOOK


def _read(tail: LogTail, shard: str, place: str | None, since: datetime) -> Answer:
    try:
        place = place or tail.place(shard, since)
        if wait := _turns().take():  # after the place, whose time the read needs
            return _nothing(place, wait)
        found = tail.read(place)
        _found().passed(shard, found, datetime.now(UTC))
    except NoSuchShard:
        return _nothing(place, 0, "no-such-shard")
    except PlaceExpired:
        return _nothing(place, 0, "expired")
    except NotAPlace:
        return _nothing(place, 0, "not-a-place")
    except LATE as late:
        log.warning("log not read for operators", error=type(late).__name__)
        return _nothing(place, 2 * BETWEEN_MS)
    return {
        "records": list(_told(found.records)),
        "place": found.place,
        "behind_ms": found.behind_ms,
        "read": True,
        "wait_ms": BETWEEN_MS,
        "refused": None,
    }


def _nothing(place: str | None, wait_ms: int, refused: str | None = None) -> Answer:
    return {
        "records": [],
        "place": place,
        "behind_ms": None,
        "read": False,
        "wait_ms": wait_ms,
        "refused": refused,
    }


def _told(records: Sequence[TailRecord]) -> Iterator[Answer]:
    told = 0
    for it in records:
        told += len(it.body)
        message, problem = _message(it.body, with_data=told <= MOST_DATA)
        yield {
            "sequence": it.sequence,
            "arrived_at": clock.format_time(it.arrived_at),
            "size": len(it.body),
            "message": message,
            "problem": problem,
        }


def _message(body: bytes, *, with_data: bool) -> tuple[Answer | None, str | None]:
    """The envelope, or why there is none: in words of ours, since others' may quote the record."""
    try:
        envelope = read_envelope(body)
    except Unreadable as unreadable:
        is_json = isinstance(unreadable.__cause__, msgspec.ValidationError)
        return None, NO_MESSAGE if is_json else NO_JSON
    message = msgspec.to_builtins(envelope)
    return message if with_data else {**message, "data": None}, None


@cache
def _tail() -> LogTail:
    return LogTail(
        aws.impatient_client("kinesis", READ_SECONDS), load(ShownLogEnvironment).event_stream_arn
    )


@cache
def _found() -> NewestRecords:
    return NewestRecords()


@cache
def _turns() -> ReadTurns:
    return ReadTurns(aws.brief_client("dynamodb"), load(ShownLogEnvironment).turns_table)
