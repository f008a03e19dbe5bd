"""What an operator does about parked records: list them, apply them again, set aside or discard
one.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Annotated, Any

import msgspec

from shared.messaging.log_reader import LogReader, RecordNotFound
from shared.messaging.log_records import LogRecord, Unreadable, read_envelope
from shared.messaging.traced import Repetition
from shared.read_models.environment import RedriveEnvironment
from shared.read_models.parked_records import MAX_PLACE, ParkedRecord, ParkedRecords
from shared.read_models.projector import Projector
from shared.read_models.read_model import Handler, ReadModel
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.plain_text import plain
from shared.runtime.tracing.invocations import invocation

MAX_RECORDS = 1000
"""In one answer, which a function may make no larger than 6 MB."""
WORK_SECONDS = 120
"""How long records are redriven in one call; a function's time limit is above."""
Place = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class SetAside(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record that crashes its consumer, named by its place in the log."""

    shard: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PLACE)]
    sequence: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PLACE)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parked record, named as the list names it."""

    shard: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PLACE)]
    sequence: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PLACE)]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``dry_run`` only lists; ``set_aside`` parks one record of the log instead of redriving, and
    ``discard`` takes one off the list that can never be applied: of both a dry run says whether
    that may be; ``after`` goes on where an answer ended. ``records`` are the only ones that are
    looked at, and ``seconds`` is how long another one is begun with.
    """

    dry_run: bool = True
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_RECORDS)] = MAX_RECORDS
    after: Place | None = None
    set_aside: SetAside | None = None
    discard: Record | None = None
    records: Annotated[list[Record], msgspec.Meta(min_length=1, max_length=100)] | None = None
    seconds: Annotated[int, msgspec.Meta(ge=1, le=WORK_SECONDS)] | None = None

    def __post_init__(self) -> None:
        if self.set_aside is not None and self.discard is not None:
            raise ValueError("a record is set aside or discarded, not both")


FindRecord = Callable[[str, str], LogRecord]


def _record_of_the_log(shard: str, sequence: str) -> LogRecord:
    stream = load(RedriveEnvironment).event_stream_arn
    return LogReader(aws.client("kinesis"), stream).record(shard, sequence)


def handler_of(model: ReadModel[Any]) -> Handler:
    """A read model's function for operators: see ``Request`` and ``answer``."""

    @invocation
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        return answer(event, model.projectors(), model.parked_records)

    return handler


def answer(
    event: dict[str, Any],
    projectors: Sequence[Projector[Any]],
    parked: ParkedRecords,
    find: FindRecord = _record_of_the_log,
) -> dict[str, Any]:
    """Do what the operator's request says. ``find`` reads a record of the log by its place.

    Returns ``{parked, next}``. Each record in ``parked`` is ``{shard, sequence, reason,
    aggregate_id, version, parked_at, outcome}`` with an outcome of ``parked`` (dry run),
    ``redriven`` or ``failed: ...``. ``next`` is where to go on, null once there are no more.
    Of a request to discard, ``parked`` holds the one record, or none if it is not on the list, and
    the outcome is ``can be discarded`` (dry run), ``discarded`` or ``refused: ...``. Of one to set
    aside, ``parked`` holds the one record, or none if the log has not got it, and the outcome is
    ``can be set aside`` (dry run), ``set aside`` or ``refused: ...``.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    request = msgspec.convert(event, Request)
    if request.discard is not None:
        return _discard(request.discard, projectors, parked, dry_run=request.dry_run)
    if request.set_aside is not None:
        return _set_aside(request.set_aside, projectors, parked, find, dry_run=request.dry_run)
    listed: list[dict[str, Any]] = []
    ends = time.monotonic() + (request.seconds or WORK_SECONDS)
    last: str | None = None
    for record_found in _chosen(request, parked):
        if last is not None and (len(listed) == request.limit or time.monotonic() > ends):
            return {"parked": listed, "next": last}
        outcome, last = "parked", record_found.place
        if not request.dry_run:
            outcome = _redrive(record_found, projectors, parked)
        listed.append(record_found.line | {"outcome": outcome})
    return {"parked": listed, "next": None}


def _chosen(request: Request, parked: ParkedRecords) -> Iterable[ParkedRecord]:
    if request.records is None:
        return parked.all(request.after)
    found = (parked.find(it.shard, it.sequence) for it in request.records)
    return (it for it in found if it is not None)


def _redrive(
    record: ParkedRecord, projectors: Sequence[Projector[Any]], parked: ParkedRecords
) -> str:
    try:
        with Repetition("redrive") as again:
            _link(record, again)
            for projector in projectors:
                if record.aggregate_id is not None:
                    projector.redrive(record.aggregate_id)
                elif record.body is None:
                    return "failed: its body was too large to keep; read it from the archive"
                else:
                    projector.reapply(LogRecord(record.shard, record.sequence, record.body))
    except Unreadable as unreadable:
        return f"failed: {unreadable}"
    except Exception as error:
        log.error("redrive failed", aggregate_id=record.aggregate_id, error=type(error).__name__)
        return plain(f"failed: {type(error).__name__}: {error}", 300)
    parked.forget(record)
    log.metric("RecordsRedriven", 1)
    return "redriven"


def _link(record: ParkedRecord, again: Repetition) -> None:
    """To the trace in which its event was made, if it can be read."""
    if record.body is not None:
        with suppress(Unreadable):
            again.add(read_envelope(record.body))


def _discard(
    asked: Record, projectors: Sequence[Projector[Any]], parked: ParkedRecords, *, dry_run: bool
) -> dict[str, Any]:
    found = parked.find(asked.shard, asked.sequence)
    if found is None:
        return {"parked": [], "next": None}
    if needed := _why_it_is_needed(found, projectors):
        outcome = f"refused: {needed}"
    elif dry_run:
        outcome = "can be discarded"
    elif parked.discard(found):
        outcome = "discarded"
    else:
        outcome = "refused: it has changed in this moment; look at it again"
    return {"parked": [found.line | {"outcome": outcome}], "next": None}


def _set_aside(
    asked: SetAside,
    projectors: Sequence[Projector[Any]],
    parked: ParkedRecords,
    find: FindRecord,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    if already := parked.find(asked.shard, asked.sequence):
        outcome = "refused: it is parked already"
        return {"parked": [already.line | {"outcome": outcome}], "next": None}
    try:
        record = find(asked.shard, asked.sequence)
    except RecordNotFound:
        return {"parked": [], "next": None}
    if not dry_run:
        for projector in projectors:
            projector.set_aside(record, asked.reason)
    line = ParkedRecord.of(record, asked.reason, *_named_by(record)).line
    outcome = "can be set aside" if dry_run else "set aside"
    return {"parked": [{**line, "outcome": outcome}], "next": None}


def _named_by(record: LogRecord) -> tuple[str | None, int | None]:
    """Aggregate and version, if the record can be read."""
    try:
        event = read_envelope(record.body)
    except Unreadable:
        return None, None
    return event.aggregate_id, event.version


def _why_it_is_needed(record: ParkedRecord, projectors: Sequence[Projector[Any]]) -> str | None:
    """Why a record has to stay on the list, or None.

    A stalled aggregate waits for a redrive, and only its parked record leads an operator to it:
    without the record it would stand still unseen, since its later events pass it by in silence.
    """
    if record.aggregate_id is not None:
        stalled = [projector.stalled_at(record.aggregate_id) for projector in projectors]
        versions = [version for version in stalled if version is not None]
        if not versions:
            return None
        return (
            f"{record.aggregate_id} is stalled at version {versions[0]}, and nothing else would "
            f"lead to it; correct the cause and redrive"
        )
    if record.body is None:
        return None
    try:
        read_envelope(record.body)
    except Unreadable:
        return None
    return "it can be read by now; redrive it"
