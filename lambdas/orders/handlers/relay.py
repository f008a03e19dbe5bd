"""From the event store's stream to the log: the only way that orders' events are published."""

from typing import Any

from orders.adapters.event_codec import to_envelope
from orders.settings import for_relay
from shared import aws, log
from shared.kinesis_log import KinesisLog


def handler(event: dict[str, Any], _context: Any) -> None:
    """Publish every inserted event, in order for each order.

    An error makes the batch come again: publishing twice is harmless, losing one is not.
    """
    inserted = [
        to_envelope(record["dynamodb"]["NewImage"])
        for record in event["Records"]
        if record["eventName"] == "INSERT"
    ]
    count = KinesisLog(aws.client("kinesis"), for_relay().event_stream_arn).publish(inserted)
    log.metric("EventsPublished", count)
