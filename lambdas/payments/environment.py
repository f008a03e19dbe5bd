"""Payments' environment."""

import msgspec


class CommandEnvironment(msgspec.Struct, frozen=True):
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


class KeyEnvironment(msgspec.Struct, frozen=True):
    """What the functions need that replace a provider's key and revoke what they replaced."""

    provider_url: str


class RetirementEnvironment(KeyEnvironment, frozen=True):
    """The one that nobody tells which secret it is about needs its ARN, too."""

    provider_key_secret_arn: str
