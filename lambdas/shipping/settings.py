"""Shipping's environment."""

from functools import cache

import msgspec

from shared.runtime import settings


class CommandSettings(msgspec.Struct, frozen=True):
    """What the worker of the command queue needs; ``carrier_desks`` is ARNs by carrier, as JSON."""

    gatherings_table: str
    shipments_table: str
    quote_requests_topic_arn: str
    deadlines_url: str
    carrier_desks: str
    """ARNs by carrier, as JSON."""
    bus_name: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class AggregatorSettings(msgspec.Struct, frozen=True):
    """What taking answers and closing gatherings need."""

    gatherings_table: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class AnnouncerSettings(msgspec.Struct, frozen=True):
    """What the functions on the tables' streams need."""

    bus_name: str
    dead_letters_url: str


class TrackingSettings(msgspec.Struct, frozen=True):
    """What the webhook needs; ``carrier_keys`` is ids of API keys by carrier, as JSON."""

    shipments_table: str
    tracking_table: str
    carrier_keys: str
    """Ids of API keys by carrier, as JSON."""


class CarrierSettings(msgspec.Struct, frozen=True):
    """What a simulated carrier needs; ``carrier`` is its name in the carrier list."""

    carrier: str
    """Its name in the carrier list."""
    carrier_desk_table: str
    answers_url: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


@cache
def for_commands() -> CommandSettings:
    """The settings of the command queue's worker."""
    return settings.load(CommandSettings)


@cache
def for_aggregator() -> AggregatorSettings:
    """The settings of the aggregator's two functions."""
    return settings.load(AggregatorSettings)


@cache
def for_announcer() -> AnnouncerSettings:
    """The settings of the functions on the tables' streams."""
    return settings.load(AnnouncerSettings)


@cache
def for_tracking() -> TrackingSettings:
    """The settings of the webhook."""
    return settings.load(TrackingSettings)


@cache
def for_carrier() -> CarrierSettings:
    """The settings of a simulated carrier."""
    return settings.load(CarrierSettings)
