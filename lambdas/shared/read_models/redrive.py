"""What an operator does about parked records: look at them, apply them again, set one aside."""

import time
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from shared.messaging.log_records import LogRecord, Unreadable
from shared.read_models.parked_records import ParkedRecord, ParkedRecords
from shared.read_models.projector import Projector
from shared.read_models.read_model import Handler, ReadModel
from shared.runtime import log
from shared.runtime.plain_text import plain

MAX_RECORDS = 1000
"""In one answer, which a function may make no larger than 6 MB."""
WORK_SECONDS = 120
"""How long records are redriven in one call; a function's time limit is above."""
Place = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class SetAside(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record that crashes its consumer, named by its place in the log."""

    shard: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    sequence: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    body: bytes
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``dry_run`` only lists; ``set_aside`` parks one record instead of redriving; ``after`` goes
    on where an answer ended.
    """

    dry_run: bool = True
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_RECORDS)] = MAX_RECORDS
    after: Place | None = None
    set_aside: SetAside | None = None


def handler_of(model: ReadModel[Any]) -> Handler:
    """A read model's function for operators: see ``Request`` and ``answer``."""

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        return answer(event, model.projectors(), model.parked_records)

    return handler


def answer(
    event: dict[str, Any], projectors: Sequence[Projector[Any]], parked: ParkedRecords
) -> dict[str, Any]:
    """Do what the operator's request says.

    Returns ``{parked, next}``. Each record in ``parked`` is ``{shard, sequence, reason,
    aggregate_id, version, parked_at, outcome}`` with an outcome of ``parked`` (dry run),
    ``redriven`` or ``failed: ...``. ``next`` is where to go on, null once there are no more.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    request = msgspec.convert(event, Request)
    if request.set_aside is not None:
        aside = request.set_aside
        record = LogRecord(aside.shard, aside.sequence, aside.body)
        for projector in projectors:
            projector.set_aside(record, aside.reason)
    listed: list[dict[str, Any]] = []
    ends = time.monotonic() + WORK_SECONDS
    last: str | None = None
    for record_found in parked.all(request.after):
        if last is not None and (len(listed) == request.limit or time.monotonic() > ends):
            return {"parked": listed, "next": last}
        outcome, last = "parked", record_found.place
        if not request.dry_run and request.set_aside is None:
            outcome = _redrive(record_found, projectors, parked)
        listed.append(_line(record_found, outcome))
    return {"parked": listed, "next": None}


def _redrive(
    record: ParkedRecord, projectors: Sequence[Projector[Any]], parked: ParkedRecords
) -> str:
    try:
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


def _line(record: ParkedRecord, outcome: str) -> dict[str, Any]:
    return {
        "shard": record.shard,
        "sequence": record.sequence,
        "reason": record.reason,
        "aggregate_id": record.aggregate_id,
        "version": record.version,
        "parked_at": record.parked_at,
        "outcome": outcome,
    }
