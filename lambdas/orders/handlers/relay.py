"""From the event store to the log: the only way that orders' events are published."""

from orders.adapters.event_codec import CODEC
from orders_language.messages import partition_key
from shared.event_sourcing import relay

handler = relay.handler_of(CODEC, partition_key)
