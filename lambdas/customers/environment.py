"""Customers' environment."""

import msgspec


class ApiEnvironment(msgspec.Struct, frozen=True):
    """What the functions behind the API need."""

    profile_table: str
    tombstone_table: str


class AnnouncerEnvironment(msgspec.Struct, frozen=True):
    """What the announcer needs: the bus, and no table."""

    bus_name: str
