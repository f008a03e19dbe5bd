"""Payments' environment."""

from functools import cache

import msgspec

from shared import settings


class CommandSettings(msgspec.Struct, frozen=True):
    """What the queue's worker needs; ``provider_key_secret_arn`` names a secret, never a key."""

    payments_table: str
    provider_url: str
    provider_key_secret_arn: str
    bus_name: str
    commands_url: str
    dead_letters_url: str
    queue_attempts: int


@cache
def for_commands() -> CommandSettings:
    """The settings of the queue's worker."""
    return settings.load(CommandSettings)
