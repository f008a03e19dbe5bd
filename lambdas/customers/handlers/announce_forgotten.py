"""From the tombstones' stream to the bus: tells every service which customer is forgotten."""

from typing import Any

from customers.adapters.tombstone_codec import from_item, to_integration_event
from customers.environment import AnnouncerEnvironment
from shared.messaging.bus import Bus
from shared.messaging.table_stream import read_images
from shared.messaging.traced import BUS, BatchSpans
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation
from shared.runtime.tracing.spans import PRODUCER


@invocation
def handler(event: dict[str, Any], _context: Any) -> None:
    """Put a ``CustomerForgotten`` on the bus for each new tombstone.

    An error makes the batch come again, for as long as the stream keeps it: the only way to fail is
    a bus that does not answer, and the integration event's id is the same each time. What is no
    tombstone, or what the bus will never take, is left out, with an alarm: it holds back nobody's
    forgetting.
    """
    forgotten = list(
        read_images(
            event,
            "INSERT",
            lambda image: to_integration_event(from_item(image)),
            lambda _keys, broken: _tell(type(broken).__name__),
        )
    )
    bus = Bus(aws.client("events"), load(AnnouncerEnvironment).bus_name, "customers")
    with BatchSpans("send", PRODUCER, BUS, "bus") as batch:
        bus.put_each(batch.through(forgotten), lambda _event, reason: _tell(reason))
        log.metric("CustomersForgotten", len(forgotten))


def _tell(reason: str) -> None:
    log.error("event not published", type="CustomerForgotten", reason=reason)
    log.metric("EventsNotPublished", 1)
