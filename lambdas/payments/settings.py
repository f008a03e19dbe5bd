"""Payments' environment."""

from functools import cache

import msgspec

from shared.runtime import settings


class CommandSettings(msgspec.Struct, frozen=True):
    """What the queue's worker needs; an ARN names the secret that holds a key, never the key."""

    payments_table: str
    provider_url: str
    provider_key_secret_arn: str
    backup_provider_url: str
    backup_provider_key_secret_arn: str
    bus_name: str
    dead_letters_url: str
    queue_url: str
    queue_attempts: int


class KeySettings(msgspec.Struct, frozen=True):
    """What the functions need that replace a provider's key and revoke what they replaced."""

    provider_url: str


class RetirementSettings(KeySettings, frozen=True):
    """The one that nobody tells which secret it is about needs its ARN, too."""

    provider_key_secret_arn: str


@cache
def for_commands() -> CommandSettings:
    """The settings of the queue's worker."""
    return settings.load(CommandSettings)


@cache
def for_rotation() -> KeySettings:
    """The settings of a key's rotation."""
    return settings.load(KeySettings)


@cache
def for_retirement() -> RetirementSettings:
    """The settings of what revokes replaced keys."""
    return settings.load(RetirementSettings)
