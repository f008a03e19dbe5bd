"""Other services' way to an order's events: read_events(order_id, after_version, limit)."""

from typing import Annotated, Any

import msgspec

from orders.adapters.dynamodb_event_store import DynamoDbEventStore
from orders.environment import CommandEnvironment
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.patterns import Uuid
from shared.runtime.payloads import take_within

MAX_EVENTS = 500
PAGE = 100
"""Events that are read from the table at once."""


class ReadEvents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request; MAX_EVENTS come in one answer, or fewer where they are large."""

    order_id: Uuid
    after_version: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_EVENTS)] = MAX_EVENTS


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{events: [envelope, ...], next_version}``; next_version is null when there are no more.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, ReadEvents)
    store = DynamoDbEventStore(aws.client("dynamodb"), load(CommandEnvironment).event_store_table)
    envelopes, more = take_within(
        store.following(asked.order_id, asked.after_version, min(asked.limit, PAGE)), asked.limit
    )
    log.info(
        "events read",
        order_id=asked.order_id,
        events=len(envelopes),
        correlation_id=envelopes[-1].correlation_id if envelopes else None,
    )
    return {
        "events": msgspec.to_builtins(envelopes),
        "next_version": envelopes[-1].version if more else None,
    }
