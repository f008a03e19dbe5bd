"""Notifications' environment."""

from typing import Literal

import msgspec


class LedgerEnvironment(msgspec.Struct, frozen=True):
    """What looking into the ledger needs."""

    ledger_table: str


class NotificationEnvironment(msgspec.Struct, frozen=True):
    """``mail`` chooses the way to the customer; ``outbox_table`` or ``mail_from`` belong to it."""

    ledger_table: str
    claim_seconds: int
    """For how many seconds a worker that claims a message has it alone."""
    read_contact_arn: str
    read_events_arn: str
    mail: Literal["outbox", "ses"]
    """How a message reaches the customer: by mail, or into the outbox."""
    dead_letters_url: str
    queue_url: str
    queue_attempts: int
    message_sources: str
    """JSON: by type of message, the source from which it counts."""
    outbox_table: str = ""
    mail_from: str = ""
    """The address that mail comes from."""
    configuration_set: str = ""
    """How SES sends it."""
