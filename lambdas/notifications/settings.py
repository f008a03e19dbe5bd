"""Notifications' environment."""

from functools import cache
from typing import Literal

import msgspec

from shared import settings


class NotificationSettings(msgspec.Struct, frozen=True):
    """``mail`` chooses the way to the customer; ``outbox_table`` or ``mail_from`` belong to it."""

    ledger_table: str
    claim_seconds: int
    read_contact_arn: str
    read_events_arn: str
    mail: Literal["outbox", "ses"]
    dead_letters_url: str
    queue_attempts: int
    outbox_table: str = ""
    mail_from: str = ""
    configuration_set: str = ""


@cache
def for_notifications() -> NotificationSettings:
    """The settings of the function."""
    return settings.load(NotificationSettings)
