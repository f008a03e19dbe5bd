"""For reconciliation: what the event store holds, by id and fingerprint, a page at a time."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

from orders.adapters.dynamodb_event_store import DynamoDbEventStore
from shared.event_sourcing.environment import EventStoreEnvironment
from shared.messaging.envelope import Envelope
from shared.messaging.fingerprint import fingerprint
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.tracing.invocations import invocation

MAX_SEGMENTS = 64
MAX_EVENTS = 10_000


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last event that was read."""

    order_id: Uuid
    version: Annotated[int, msgspec.Meta(ge=1)]


class ScanEvents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request: one of several segments that together hold everything, after a position."""

    segment: Annotated[int, msgspec.Meta(ge=0, lt=MAX_SEGMENTS)] = 0
    segments: Annotated[int, msgspec.Meta(ge=1, le=MAX_SEGMENTS)] = 1
    after: Position | None = None


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{events: [[order_id, version, occurred_at, fingerprint], ...], next}``.

    ``next`` is the position to go on after, null at the segment's end; a page may be empty and not
    the last one.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, ScanEvents)
    table = load(EventStoreEnvironment).event_store_table
    store = DynamoDbEventStore(aws.client("dynamodb"), table)
    after = (asked.after.order_id, asked.after.version) if asked.after else None
    envelopes, reached = store.scan(asked.segment, asked.segments, after, MAX_EVENTS)
    return listed(envelopes, reached)


def listed(envelopes: Iterable[Envelope], reached: tuple[str, int] | None) -> dict[str, Any]:
    """A page of events by id and fingerprint, and the position after it."""
    return {
        "events": [[e.aggregate_id, e.version, e.occurred_at, fingerprint(e)] for e in envelopes],
        "next": {"order_id": reached[0], "version": reached[1]} if reached else None,
    }
