"""What the functions of an event-sourced aggregate find in their environment."""

import msgspec

from shared.event_sourcing.dynamodb_event_store import DynamoDbEventStore
from shared.event_sourcing.event_codec import EventCodec
from shared.event_sourcing.recorded import EventT
from shared.runtime import aws
from shared.runtime.environment import load


class EventStoreEnvironment(msgspec.Struct, frozen=True):
    """Of every function that touches the event store."""

    event_store_table: str


class RelayEnvironment(msgspec.Struct, frozen=True):
    """Of the relay, besides: where it puts events."""

    event_stream_arn: str


def event_store(codec: EventCodec[EventT]) -> DynamoDbEventStore[EventT]:
    """The store in the table that the environment names. Raises MissingVariable."""
    table = load(EventStoreEnvironment).event_store_table
    return DynamoDbEventStore(aws.client("dynamodb"), table, codec)
