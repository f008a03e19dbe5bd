"""Shipping's environment."""

import msgspec


class CommandEnvironment(msgspec.Struct, frozen=True):
    """What the worker of the command queue needs.

    ``carrier_desks`` is JSON: the ARN of the function that plays each carrier.
    """

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


class AggregatorEnvironment(msgspec.Struct, frozen=True):
    """What taking answers and closing aggregations need."""

    gatherings_table: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class AnnouncerEnvironment(msgspec.Struct, frozen=True):
    """What the functions on the tables' streams need."""

    bus_name: str
    dead_letters_url: str


class TrackingEnvironment(msgspec.Struct, frozen=True):
    """What the webhook needs; ``carrier_keys`` is ids of API keys by carrier, as JSON."""

    shipments_table: str
    tracking_table: str
    carrier_keys: str
    """Ids of API keys by carrier, as JSON."""


class CarrierEnvironment(msgspec.Struct, frozen=True):
    """What a simulated carrier needs; ``carrier`` is its name in the carrier list."""

    carrier: str
    """The carrier's name in the carrier list."""
    carrier_desk_table: str
    answers_url: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class ShownQuotesEnvironment(msgspec.Struct, frozen=True):
    """What is looked at of quotes."""

    gatherings_table: str
