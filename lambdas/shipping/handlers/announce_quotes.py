"""From the aggregations' stream to the bus: closing an aggregation is what answers GatherQuotes.

The closing is one write; a worker that dies right after it has lost nothing, since the stream
brings the write until the bus has taken integration event and reply.
"""

from contextlib import ExitStack
from typing import Any

from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, decode
from shared.messaging.queue_worker import messages_of
from shared.messaging.table_stream import read_images
from shared.messaging.traced import STREAM, made_in, processing
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation
from shipping.adapters.aggregation_codec import Item, from_item
from shipping.domain.quote_aggregation import QuoteAggregation
from shipping.environment import AnnouncerEnvironment
from shipping.handlers import outcomes
from shipping.handlers.parked_announcements import parked_unread, unsendable


@invocation
def handler(event: dict[str, Any], _context: Any) -> None:
    """Put integration event and reply on the bus for each aggregation that was closed.

    An error makes the batch come again: their ids are the same each time. Aggregations that are
    closed from the start are inserted, not modified, and answered by the worker itself.
    """
    environment = load(AnnouncerEnvironment)
    dead_letters = DeadLetters(aws.client("sqs"), environment.dead_letters_url)
    closed = [
        (aggregation, command)
        for aggregation, command in read_images(event, "MODIFY", _read, parked_unread(dead_letters))
        if aggregation.is_closed
    ]
    with ExitStack() as spans:
        messages = [
            message
            for aggregation, command in closed
            for message in messages_of(
                made_in(spans.enter_context(processing(command, STREAM, "aggregations")), command),
                outcomes.of_aggregation(aggregation),
            )
        ]
        Bus(aws.client("events"), environment.bus_name, "shipping").put_each(
            messages, unsendable(dead_letters)
        )
    for aggregation, command in closed:
        log.info(
            "aggregation closed",
            order_id=aggregation.order_id,
            best=aggregation.best,
            reason=aggregation.reason,
            missing=list(aggregation.missing),
            correlation_id=command.correlation_id,
        )
        if aggregation.best is None:
            log.metric("GatheringsWithoutQuotes", 1)
        for carrier in aggregation.missing:
            log.metric("QuotesMissing", 1, carrier=carrier)


def _read(image: Item) -> tuple[QuoteAggregation, Envelope]:
    aggregation = from_item(image)
    return aggregation, decode(aggregation.command)
