"""Customers' environment."""

from functools import cache

import msgspec

from shared.runtime import settings


class ApiSettings(msgspec.Struct, frozen=True):
    """What the functions behind the API need."""

    profile_table: str
    tombstone_table: str


class AnnouncerSettings(msgspec.Struct, frozen=True):
    """What the announcer needs: the bus, and no table."""

    bus_name: str


@cache
def for_api() -> ApiSettings:
    """The settings of command and query functions."""
    return settings.load(ApiSettings)


@cache
def for_announcer() -> AnnouncerSettings:
    """The settings of the function that tells the world who was forgotten."""
    return settings.load(AnnouncerSettings)
