"""From the tracking events' stream to the bus: each report of a carrier becomes one fact."""

from typing import Any

from shared import aws, log
from shared.bus import Bus
from shared.envelope import decode
from shipping.settings import for_announcer


def handler(event: dict[str, Any], _context: Any) -> None:
    """Put a ShipmentTracked on the bus for each new report; an error makes the batch come again."""
    facts = [
        decode(record["dynamodb"]["NewImage"]["fact"]["S"])
        for record in event["Records"]
        if record["eventName"] == "INSERT"
    ]
    Bus(aws.client("events"), for_announcer().bus_name, "shipping").put(facts)
    log.metric("ShipmentsTracked", len(facts))
