"""From the tombstones' stream to the bus: tells every service which customer is forgotten."""

from typing import Any

from customers.adapters.tombstone_codec import from_item, to_fact
from customers.settings import for_announcer
from shared import aws, log
from shared.bus import Bus


def handler(event: dict[str, Any], _context: Any) -> None:
    """Put a ``CustomerForgotten`` on the bus for each new tombstone.

    An error makes the batch come again, for as long as the stream keeps it: the only way to fail is
    a bus that does not answer, and the fact's id is the same each time.
    """
    facts = [
        to_fact(from_item(record["dynamodb"]["NewImage"]))
        for record in event["Records"]
        if record["eventName"] == "INSERT"
    ]
    Bus(aws.client("events"), for_announcer().bus_name, "customers").put(facts)
    log.metric("CustomersForgotten", len(facts))
