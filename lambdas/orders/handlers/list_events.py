"""For reconciliation: what the event store holds of an hour, by id and fingerprint."""

from typing import Annotated, Any

import msgspec

from orders.adapters.dynamodb_event_store import DynamoDbEventStore
from orders.adapters.event_codec import PARTS
from orders.handlers.scan_events import Position, listed
from shared.event_sourcing.environment import EventStoreEnvironment
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation

MAX_EVENTS = 2000
_HOUR = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}$(?!\\n)"


class ListEvents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request: a part of an hour such as ``2026-12-01T09``, after a position in it."""

    hour: Annotated[str, msgspec.Meta(pattern=_HOUR)]
    part: Annotated[int, msgspec.Meta(ge=0, lt=PARTS)] = 0
    after: Position | None = None


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{events: [[order_id, version, occurred_at, fingerprint], ...], next, parts}``.

    ``next`` is the position to go on after, null at the part's end; ``parts`` is how many an hour
    has. At most MAX_EVENTS come in an answer. Events from before the table had its index are not
    found: ``scan_events`` finds everything.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, ListEvents)
    table = load(EventStoreEnvironment).event_store_table
    store = DynamoDbEventStore(aws.client("dynamodb"), table)
    after = (asked.after.order_id, asked.after.version) if asked.after else None
    envelopes, reached = store.of_hour(asked.hour, asked.part, after, MAX_EVENTS)
    return {**listed(envelopes, reached), "parts": PARTS}
