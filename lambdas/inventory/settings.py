"""Inventory's environment."""

from functools import cache

import msgspec

from shared.runtime import settings


class CommandSettings(msgspec.Struct, frozen=True):
    """What the queue's worker needs. ``hold_seconds`` is how long stock is held for an order."""

    stock_table: str
    reservations_table: str
    hold_seconds: int
    """For how long stock is held for an order."""
    bus_name: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class SaleSettings(msgspec.Struct, frozen=True):
    """What the function that records sales needs."""

    stock_table: str
    reservations_table: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int
    message_sources: str
    """JSON: by type of message, from whom it counts."""


class ExpirySettings(msgspec.Struct, frozen=True):
    """What the function that releases expired reservations needs."""

    stock_table: str
    reservations_table: str
    bus_name: str


class RestockSettings(msgspec.Struct, frozen=True):
    """What the function that receives deliveries needs."""

    stock_table: str


@cache
def for_commands() -> CommandSettings:
    """The settings of the queue's worker."""
    return settings.load(CommandSettings)


@cache
def for_sales() -> SaleSettings:
    """The settings of the function that records sales."""
    return settings.load(SaleSettings)


@cache
def for_expiry() -> ExpirySettings:
    """The settings of the function that releases expired reservations."""
    return settings.load(ExpirySettings)


@cache
def for_restock() -> RestockSettings:
    """The settings of the function that receives deliveries."""
    return settings.load(RestockSettings)
