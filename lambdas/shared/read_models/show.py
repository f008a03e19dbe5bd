"""What operators may look at of a consumer of the log; nothing here changes anything.

How far it has read, what it has parked, and how far it is with one aggregate: without the state,
which may be about a person.
"""

from collections.abc import Callable
from itertools import islice
from typing import Annotated, Any, Protocol

import msgspec

from shared.read_models.log_positions import LogPositions
from shared.read_models.parked_records import ParkedRecord, ParkedRecords
from shared.read_models.projector import Checkpoint
from shared.read_models.read_model import Handler, ReadModel
from shared.runtime.patterns import Uuid

MOST_COUNTED = 1000
MOST_LISTED = 100
Load = Callable[[str], Checkpoint[Any] | None]
"""What a consumer keeps of an aggregate."""


class Consumer(Protocol):
    """A consumer as it is shown."""

    @property
    def consumer(self) -> str:
        """Its name for operators."""

    @property
    def parked_records(self) -> ParkedRecords:
        """What it could not apply."""

    @property
    def positions(self) -> LogPositions:
        """How far it has read the log."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``aggregate_id`` asks how far the consumer is with one; ``parked`` lists parked records, and
    ``after`` goes on where a list ended.
    """

    aggregate_id: Uuid | None = None
    parked: bool = False
    after: Annotated[str, msgspec.Meta(min_length=1, max_length=512)] | None = None


def handler_of(model: ReadModel[Any]) -> Handler:
    """A read model's function for operators that only look: see ``answer``."""

    def kept(aggregate_id: str) -> Checkpoint[Any] | None:
        return model.served_table().load([aggregate_id]).get(aggregate_id)

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        return answer(event, model, kept)

    return handler


def answer(event: dict[str, Any], of: Consumer, kept: Load) -> dict[str, Any]:
    """``{consumer, positions: [{shard, sequence, arrived_at, applied_at}, ...], parked,
    parked_capped}``.

    ``parked`` is how many records are parked, MOST_COUNTED at most: ``parked_capped`` says whether
    there may be more. Of an aggregate, ``{consumer, kept: {version, stalled_at_version} or null}``.
    Of a list, ``{consumer, parked: [{shard, sequence, reason, aggregate_id, version, parked_at,
    redrivable}], next}``.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, Request)
    if asked.aggregate_id is not None:
        found = kept(asked.aggregate_id)
        return {
            "consumer": of.consumer,
            "kept": found
            and {"version": found.version, "stalled_at_version": found.stalled_at_version},
        }
    if asked.parked:
        records = list(islice(of.parked_records.all(asked.after), MOST_LISTED + 1))
        listed = records[:MOST_LISTED]
        return {
            "consumer": of.consumer,
            "parked": [_line(it) for it in listed],
            "next": listed[-1].place if len(records) > MOST_LISTED else None,
        }
    count = of.parked_records.count(MOST_COUNTED)
    return {
        "consumer": of.consumer,
        "positions": msgspec.to_builtins(of.positions.all()),
        "parked": count,
        "parked_capped": count == MOST_COUNTED,
    }


def _line(record: ParkedRecord) -> dict[str, Any]:
    # What was too large to keep is in the archive alone.
    return record.line | {"redrivable": record.aggregate_id is not None or record.body is not None}
