"""Orders' environment."""

import msgspec


class QuoteEnvironment(msgspec.Struct, frozen=True):
    """What placing an order needs besides, if it comes with a quote: where the keys are."""

    quote_signing_secret_arn: str


class QueueEnvironment(msgspec.Struct, frozen=True):
    """What the queued commands need: the event store, and the ways out of the queue."""

    event_store_table: str
    bus_name: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class PublisherEnvironment(msgspec.Struct, frozen=True):
    """What the bus publisher needs."""

    publisher_gate_table: str
    parked_table: str
    bus_name: str
    read_events_arn: str
