"""From the event store to the log: the only way that orders' events are published."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from orders.adapters.dynamodb_event_store import DynamoDbEventStore
from orders.adapters.event_codec import to_envelope
from orders.environment import CommandEnvironment, RelayEnvironment
from orders_language.messages import partition_key
from shared.messaging.envelope import Envelope
from shared.messaging.kinesis_log import KinesisLog
from shared.messaging.table_stream import read_images
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid

MAX_ORDERS = 100
PAGE = 500


class OrderVersions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Events of one order."""

    order_id: Uuid
    versions: Annotated[list[Annotated[int, msgspec.Meta(ge=1)]], msgspec.Meta(min_length=1)]


class Republish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Reconciliation's request, when events are in the store that never reached the log."""

    republish: Annotated[list[OrderVersions], msgspec.Meta(min_length=1, max_length=MAX_ORDERS)]


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any] | None:
    """Publish every inserted event, or those that are asked for, in order for each order.

    An error makes a batch of the stream come again: publishing twice is harmless, losing one is
    not. A request is answered with ``{republished}``, the number of events.

    Raises:
        msgspec.ValidationError: it is neither a batch of the stream nor such a request.
    """
    if "Records" not in event:
        asked = msgspec.convert(event, Republish)
        return {"republished": _publish(_stored(asked.republish))}
    _publish(_inserted(event))
    return None


def _inserted(event: dict[str, Any]) -> Iterator[Envelope]:
    return read_images(event, "INSERT", to_envelope, _tell)


def _tell(keys: dict[str, Any], broken: Exception) -> None:
    log.error("event not published", keys=keys, error=type(broken).__name__)
    log.metric("EventsNotPublished", 1)


def _publish(events: Iterator[Envelope]) -> int:
    log_of_events = KinesisLog(
        aws.client("kinesis"), load(RelayEnvironment).event_stream_arn, partition_key
    )
    count = log_of_events.publish(events)
    log.metric("EventsPublished", count)
    return count


def _stored(wanted: list[OrderVersions]) -> Iterator[Envelope]:
    store = DynamoDbEventStore(aws.client("dynamodb"), load(CommandEnvironment).event_store_table)
    for order in wanted:
        after = min(order.versions) - 1
        while page := store.envelopes(order.order_id, after, PAGE):
            yield from (event for event in page if event.version in order.versions)
            after = page[-1].version or 0
            if after >= max(order.versions):
                break
