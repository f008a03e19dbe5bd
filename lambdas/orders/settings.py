"""Orders' environment."""

from functools import cache

import msgspec

from shared.runtime import settings


class CommandSettings(msgspec.Struct, frozen=True):
    """What the functions that touch the event store need."""

    event_store_table: str


class QuoteSettings(msgspec.Struct, frozen=True):
    """What placing an order needs besides, if it comes with a quote: where the keys are."""

    quote_signing_secret_arn: str


class RelaySettings(msgspec.Struct, frozen=True):
    """What the relay needs."""

    event_stream_arn: str


class QueueSettings(msgspec.Struct, frozen=True):
    """What the queued commands need: the event store, and the ways out of the queue."""

    event_store_table: str
    bus_name: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class PublisherSettings(msgspec.Struct, frozen=True):
    """What the bus publisher needs."""

    publisher_gate_table: str
    parked_table: str
    bus_name: str
    read_events_arn: str


@cache
def for_commands() -> CommandSettings:
    """The settings of command and query functions."""
    return settings.load(CommandSettings)


@cache
def for_quotes() -> QuoteSettings:
    """The settings of the function that verifies quotes."""
    return settings.load(QuoteSettings)


@cache
def for_relay() -> RelaySettings:
    """The settings of the relay."""
    return settings.load(RelaySettings)


@cache
def for_queue() -> QueueSettings:
    """The settings of the queue's worker."""
    return settings.load(QueueSettings)


@cache
def for_publisher() -> PublisherSettings:
    """The settings of the bus publisher."""
    return settings.load(PublisherSettings)
