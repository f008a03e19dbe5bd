"""From an event store to the log: the only way that an aggregate's events are published."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec

from shared.event_sourcing.environment import RelayEnvironment, event_store
from shared.event_sourcing.event_codec import EventCodec
from shared.messaging.envelope import Envelope
from shared.messaging.kinesis_log import KinesisLog
from shared.messaging.table_stream import read_images
from shared.messaging.traced import EVENT_LOG, BatchSpans
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.tracing.invocations import invocation
from shared.runtime.tracing.spans import PRODUCER

MAX_AGGREGATES = 100
PAGE = 500
Versions = Annotated[list[Annotated[int, msgspec.Meta(ge=1)]], msgspec.Meta(min_length=1)]
Wanted = tuple[str, list[int]]
"""Events of one aggregate, by version."""
PartitionKey = Callable[[Envelope], str]


def handler_of(
    codec: EventCodec[Any], partition_key: PartitionKey = lambda event: event.aggregate_id
) -> Callable[[dict[str, Any], Any], dict[str, Any] | None]:
    """The function that follows the table's stream; ``partition_key`` says what keeps its order."""
    form = _republish_form(codec.id_name)

    @invocation
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any] | None:
        """Publish every inserted event, or those that are asked for, in order for each aggregate.

        An error makes a batch of the stream come again: publishing twice is harmless, losing one
        is not. A request, ``{republish: [{order_id, versions}, ...]}``, is reconciliation's, when
        events are in the store that never reached the log; ``order_id`` stands for the name of the
        aggregate's id. It is answered with ``{republished}``, the number of events.

        Raises:
            msgspec.ValidationError: it is neither a batch of the stream nor such a request.
        """
        if "Records" not in event:
            asked = msgspec.convert(event, form)
            wanted = [(it.aggregate_id, it.versions) for it in asked.republish]
            return {"republished": _publish(_stored(codec, wanted), partition_key)}
        _publish(read_images(event, "INSERT", codec.to_envelope, _tell), partition_key)
        return None

    return handler


def _republish_form(id_name: str) -> Any:
    class OfAggregate(
        msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"aggregate_id": id_name}
    ):
        aggregate_id: Uuid
        versions: Versions

    class Republish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        republish: Annotated[
            list[OfAggregate], msgspec.Meta(min_length=1, max_length=MAX_AGGREGATES)
        ]

    return Republish


def _tell(keys: dict[str, Any], broken: Exception) -> None:
    log.error("event not published", keys=keys, error=type(broken).__name__)
    log.metric("EventsNotPublished", 1)


def _publish(events: Iterator[Envelope], partition_key: PartitionKey) -> int:
    log_of_events = KinesisLog(
        aws.client("kinesis"), load(RelayEnvironment).event_stream_arn, partition_key
    )
    with BatchSpans("send", PRODUCER, EVENT_LOG, "event-log") as batch:
        count = log_of_events.publish(batch.through(events))
        log.metric("EventsPublished", count)
    return count


def _stored(codec: EventCodec[Any], wanted: list[Wanted]) -> Iterator[Envelope]:
    store = event_store(codec)
    for aggregate_id, versions in wanted:
        after = min(versions) - 1
        while page := store.envelopes(aggregate_id, after, PAGE):
            yield from (event for event in page if event.version in versions)
            after = page[-1].version or 0
            if after >= max(versions):
                break
