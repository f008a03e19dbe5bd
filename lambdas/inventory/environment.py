"""Inventory's environment."""

import msgspec


class CommandEnvironment(msgspec.Struct, frozen=True):
    """What the queue's worker needs. ``hold_seconds`` is how long stock is held for an order."""

    stock_table: str
    reservations_table: str
    hold_seconds: int
    """For how many seconds stock is held for an order."""
    bus_name: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class SaleEnvironment(msgspec.Struct, frozen=True):
    """What the function that records sales needs."""

    stock_table: str
    reservations_table: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int
    message_sources: str
    """JSON: by type of message, the source from which it counts."""


class ExpiryEnvironment(msgspec.Struct, frozen=True):
    """What the function that releases expired reservations needs."""

    stock_table: str
    reservations_table: str
    bus_name: str


class RestockEnvironment(msgspec.Struct, frozen=True):
    """What the function that receives deliveries needs."""

    stock_table: str


class AvailabilityEnvironment(msgspec.Struct, frozen=True):
    """What the function needs that containers ask through the service network."""

    stock_table: str
    caller_role_arn: str
    """The ARN of the role that may ask."""
