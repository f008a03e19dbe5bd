"""The console's environment."""

import msgspec


class ActivityEnvironment(msgspec.Struct, frozen=True):
    """Where activity is kept."""

    activity_table: str
    """Messages and orders of a day."""


class PulseEnvironment(msgspec.Struct, frozen=True):
    """What a pulse tells of the deployment."""

    environment: str
    """Which one this is: dev, staging or prod."""


class RecorderEnvironment(msgspec.Struct, frozen=True):
    """The queue that hears the bus, and where activity is kept."""

    activity_table: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class SiteEnvironment(msgspec.Struct, frozen=True):
    """What the app in the browser is told of where it runs."""

    environment: str
    """Which one this is: dev, staging or prod."""
    login_url: str
    """Where operators log in."""
    client_id: str
    """By which the app is known there."""
