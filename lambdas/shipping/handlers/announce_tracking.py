"""From the tracking events' stream to the bus: a carrier's report becomes an integration event."""

from typing import Any

from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import decode
from shared.messaging.table_stream import read_images
from shared.messaging.traced import BUS, BatchSpans
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation
from shared.runtime.tracing.spans import PRODUCER
from shipping.environment import AnnouncerEnvironment
from shipping.handlers.parked_announcements import parked_unread, unsendable


@invocation
def handler(event: dict[str, Any], _context: Any) -> None:
    """Put a ShipmentTracked on the bus for each new report; an error makes the batch come again."""
    environment = load(AnnouncerEnvironment)
    dead_letters = DeadLetters(aws.client("sqs"), environment.dead_letters_url)
    tracked = list(
        read_images(
            event,
            "INSERT",
            lambda image: decode(image["fact"]["S"]),
            parked_unread(dead_letters),
        )
    )
    with BatchSpans("send", PRODUCER, BUS, "bus") as batch:
        Bus(aws.client("events"), environment.bus_name, "shipping").put_each(
            batch.through(tracked), unsendable(dead_letters)
        )
        log.metric("ShipmentsTracked", len(tracked))
