"""An archived event as the event store's item, with what the archive does not know made up."""

from __future__ import annotations

import msgspec

from orders.adapters.event_codec import CODEC
from shared.event_sourcing.event_codec import Item
from shared.event_sourcing.recorded import UNKNOWN_REQUEST
from shared.messaging.envelope import Envelope

QUEUED = frozenset({"OrderConfirmed", "OrderRejected"})
"""Events that a queued command leads to: its id, by which it is known again, is their cause."""


def item_of(event: Envelope) -> Item:
    """The item that the store had, but for key and hash of an API's request, which nobody knows.

    Raises:
        ValueError, KeyError, msgspec.ValidationError: it is no event of an order.
    """
    if event.type not in CODEC.schemas.current:
        raise ValueError(f"{event.type} is no event of an order")
    cause = event.causation_id or UNKNOWN_REQUEST
    item = {
        CODEC.id_name: {"S": event.aggregate_id},
        "version": {"N": str(event.version)},
        "event_id": {"S": event.event_id},
        "type": {"S": event.type},
        "schema_version": {"N": str(event.schema_version)},
        "occurred_at": {"S": event.occurred_at},
        "correlation_id": {"S": event.correlation_id},
        "causation_id": {"S": cause},
        "traceparent": {"S": event.traceparent},
        "data": {"S": msgspec.json.encode(event.data).decode()},
        "command_key": {"S": cause if event.type in QUEUED else UNKNOWN_REQUEST},
        "request_hash": {"S": UNKNOWN_REQUEST},
    }
    of_index = CODEC.to_item(CODEC.from_item(item))["occurred_in"]
    return item | {"occurred_in": of_index}
