"""What operators may look at of a consumer of the log; nothing here changes anything.

How far it has read, what it has parked, how far it is with one aggregate: without the state, which
may be about a person. Of a view also its generations, and the rebuild of one.
"""

from collections.abc import Callable
from itertools import islice
from typing import Annotated, Any, Protocol

import msgspec

from shared.read_models import show_generations
from shared.read_models.environment import ShownViewEnvironment
from shared.read_models.generations import pointer_key
from shared.read_models.log_positions import LogPositions
from shared.read_models.parked_records import ParkedRecord, ParkedRecords
from shared.read_models.pointer import Pointer
from shared.read_models.projector import Checkpoint
from shared.read_models.read_model import Handler, ReadModel
from shared.read_models.rebuild_runs import RebuildRuns
from shared.read_models.scratch import Scratch
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.tracing.invocations import invocation

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
    ``after`` goes on where a list ended; ``generations`` asks for a view's.
    """

    aggregate_id: Uuid | None = None
    parked: bool = False
    generations: bool = False
    after: Annotated[str, msgspec.Meta(min_length=1, max_length=512)] | None = None


def handler_of(model: ReadModel[Any]) -> Handler:
    """A read model's function for operators that only look: see ``answer``."""

    def kept(aggregate_id: str) -> Checkpoint[Any] | None:
        return model.served_table().load([aggregate_id]).get(aggregate_id)

    def generations() -> dict[str, Any]:
        where = load(ShownViewEnvironment)
        return show_generations.answer(
            Pointer(aws.client("dynamodb"), model.table_in_use, pointer_key(model.key)).read(),
            Scratch(aws.client("s3"), where.scratch_bucket),
            RebuildRuns(aws.client("stepfunctions"), where.rebuild_machine_arn).newest(),
        )

    @invocation
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        return answer(event, model, kept, generations)

    return handler


class NoView(Exception):
    """A consumer that keeps no view was asked for its generations."""


def _of_no_view() -> dict[str, Any]:
    raise NoView


def answer(
    event: dict[str, Any],
    of: Consumer,
    kept: Load,
    generations: Callable[[], dict[str, Any]] = _of_no_view,
) -> dict[str, Any]:
    """``{consumer, positions: [{shard, sequence, arrived_at, applied_at}, ...], parked,
    parked_capped}``.

    ``parked`` is how many records are parked, MOST_COUNTED at most: ``parked_capped`` says whether
    there may be more. Of an aggregate, ``{consumer, kept: {version, stalled_at_version} or
    null}``, with ``places: {version: {shard, sequence}}`` if the consumer keeps where the log has
    them.

    Of a list, ``{consumer, parked: [{shard, sequence, reason, aggregate_id, version, parked_at,
    redrivable}], next}``. Of a view's generations, ``consumer`` and what
    ``show_generations.answer`` says.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
        NoView: the consumer keeps none.
    """
    asked = msgspec.convert(event, Request)
    if asked.generations:
        return {"consumer": of.consumer, **generations()}
    if asked.aggregate_id is not None:
        found = kept(asked.aggregate_id)
        return {
            "consumer": of.consumer,
            "kept": found and _kept(found),
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


def _kept(found: Checkpoint[Any]) -> dict[str, Any]:
    gate = {"version": found.version, "stalled_at_version": found.stalled_at_version}
    if not found.places:
        return gate
    places = {
        str(version): {"shard": shard, "sequence": sequence}
        for version, (shard, sequence) in found.places.items()
    }
    return {**gate, "places": places}


def _line(record: ParkedRecord) -> dict[str, Any]:
    # What was too large to keep is in the archive alone.
    return record.line | {"redrivable": record.aggregate_id is not None or record.body is not None}
