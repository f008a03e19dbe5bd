"""An event as DynamoDB keeps it, and as the log carries it."""

import msgspec
from shared.envelope import Envelope

from orders.domain.events import EVENT_TYPES, SCHEMA_VERSIONS
from orders.ports import Command, RecordedEvent

AGGREGATE_TYPE = "order"
Item = dict[str, dict[str, str]]


def to_item(recorded: RecordedEvent) -> Item:
    """DynamoDB attributes, written by hand: ten times faster than a generic serializer."""
    event_type = type(recorded.event).__name__
    command = recorded.command
    return {
        "order_id": {"S": recorded.order_id},
        "version": {"N": str(recorded.version)},
        "event_id": {"S": recorded.event_id},
        "type": {"S": event_type},
        "schema_version": {"N": str(SCHEMA_VERSIONS[event_type])},
        "occurred_at": {"S": recorded.occurred_at},
        "correlation_id": {"S": command.correlation_id},
        "causation_id": {"S": command.causation_id},
        "traceparent": {"S": command.traceparent},
        "data": {"S": msgspec.json.encode(recorded.event).decode()},
        "command_key": {"S": command.key},
        "request_hash": {"S": command.request_hash},
    }


def from_item(item: Item) -> RecordedEvent:
    """The event that ``to_item`` wrote."""
    event_class = EVENT_TYPES[item["type"]["S"]]
    return RecordedEvent(
        order_id=item["order_id"]["S"],
        version=int(item["version"]["N"]),
        event_id=item["event_id"]["S"],
        occurred_at=item["occurred_at"]["S"],
        event=msgspec.json.decode(item["data"]["S"], type=event_class),
        command=Command(
            key=item["command_key"]["S"],
            request_hash=item["request_hash"]["S"],
            correlation_id=item["correlation_id"]["S"],
            causation_id=item["causation_id"]["S"],
            traceparent=item["traceparent"]["S"],
        ),
    )


def to_envelope(item: Item) -> Envelope:
    """The stored event as the world sees it; what recognises repetitions stays in the store."""
    return Envelope(
        event_id=item["event_id"]["S"],
        type=item["type"]["S"],
        schema_version=int(item["schema_version"]["N"]),
        aggregate_type=AGGREGATE_TYPE,
        aggregate_id=item["order_id"]["S"],
        version=int(item["version"]["N"]),
        occurred_at=item["occurred_at"]["S"],
        correlation_id=item["correlation_id"]["S"],
        causation_id=item["causation_id"]["S"],
        traceparent=item["traceparent"]["S"],
        data=msgspec.json.decode(item["data"]["S"]),
    )
