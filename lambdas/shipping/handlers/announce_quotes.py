"""From the gatherings' stream to the bus: closing a gathering is what answers GatherQuotes.

The closing is one write; a worker that dies right after it has lost nothing, since the stream
brings the write until the bus has taken integration event and reply.
"""

from typing import Any

from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, decode
from shared.messaging.queue_worker import messages_of
from shared.messaging.table_stream import read_images
from shared.runtime import aws, log
from shared.runtime.environment import load
from shipping.adapters.gathering_codec import Item, from_item
from shipping.domain.gathering import Gathering
from shipping.environment import AnnouncerEnvironment
from shipping.handlers import outcomes
from shipping.handlers.parked_announcements import parked_unread, unsendable


def handler(event: dict[str, Any], _context: Any) -> None:
    """Put integration event and reply on the bus for each gathering that was closed.

    An error makes the batch come again: their ids are the same each time. Gatherings that are
    closed from the start are inserted, not modified, and answered by the worker itself.
    """
    settings = load(AnnouncerEnvironment)
    dead_letters = DeadLetters(aws.client("sqs"), settings.dead_letters_url)
    closed = [
        (gathering, command)
        for gathering, command in read_images(event, "MODIFY", _read, parked_unread(dead_letters))
        if gathering.is_closed
    ]
    messages = [
        message
        for gathering, command in closed
        for message in messages_of(command, outcomes.of_gathering(gathering))
    ]
    Bus(aws.client("events"), settings.bus_name, "shipping").put_each(
        messages, unsendable(dead_letters)
    )
    for gathering, command in closed:
        log.info(
            "gathering closed",
            order_id=gathering.order_id,
            best=gathering.best,
            reason=gathering.reason,
            missing=list(gathering.missing),
            correlation_id=command.correlation_id,
        )
        if gathering.best is None:
            log.metric("GatheringsWithoutQuotes", 1)
        for carrier in gathering.missing:
            log.metric("QuotesMissing", 1, carrier=carrier)


def _read(image: Item) -> tuple[Gathering, Envelope]:
    gathering = from_item(image)
    return gathering, decode(gathering.command)
