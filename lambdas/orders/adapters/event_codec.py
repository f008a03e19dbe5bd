"""An order's event as DynamoDB keeps it, found by its order and by the hour of its occurrence."""

import zlib

from orders.domain.events import EVENT_TYPES
from orders.ports import RecordedEvent
from orders_language.schemas import ORDER_EVENTS
from shared.event_sourcing.event_codec import EventCodec, Item

HOUR = len("2026-12-01T09")
PARTS = 8
"""An hour's events are in so many partitions of the index by time: each takes a thousand writes a
second, and a table whose index takes no more refuses the write."""


def part_of_hour(hour: str, part: int) -> str:
    """The index's key: an hour such as ``2026-12-01T09``, and one of its parts, from 0."""
    return f"{hour}#{part}"


def _occurred_in(recorded: RecordedEvent) -> Item:
    part = zlib.crc32(recorded.aggregate_id.encode()) % PARTS
    return {"occurred_in": {"S": part_of_hour(recorded.occurred_at[:HOUR], part)}}


CODEC = EventCodec(ORDER_EVENTS, EVENT_TYPES, "order_id", _occurred_in)
