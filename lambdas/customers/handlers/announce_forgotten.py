"""From the tombstones' stream to the bus: tells every service which customer is forgotten."""

from typing import Any

from customers.adapters.tombstone_codec import from_item, to_fact
from customers.environment import AnnouncerEnvironment
from shared.messaging.bus import Bus
from shared.runtime import aws, log
from shared.runtime.environment import load


def handler(event: dict[str, Any], _context: Any) -> None:
    """Put a ``CustomerForgotten`` on the bus for each new tombstone.

    An error makes the batch come again, for as long as the stream keeps it: the only way to fail is
    a bus that does not answer, and the integration event's id is the same each time. What is no
    tombstone, or what the bus will never take, is left out, with an alarm: it holds back nobody's
    forgetting.
    """
    facts = []
    for record in event["Records"]:
        if record["eventName"] != "INSERT":
            continue
        try:
            facts.append(to_fact(from_item(record["dynamodb"]["NewImage"])))
        except (KeyError, TypeError) as broken:
            _tell(type(broken).__name__)
    bus = Bus(aws.client("events"), load(AnnouncerEnvironment).bus_name, "customers")
    bus.put_each(facts, lambda _fact, reason: _tell(reason))
    log.metric("CustomersForgotten", len(facts))


def _tell(reason: str) -> None:
    log.error("event not published", type="CustomerForgotten", reason=reason)
    log.metric("EventsNotPublished", 1)
