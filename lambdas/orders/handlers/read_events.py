"""Other services' way to an order's events: read_events(order_id, after_version, limit)."""

from orders.adapters.event_codec import CODEC
from shared.event_sourcing import read_events

handler = read_events.handler_of(CODEC)
