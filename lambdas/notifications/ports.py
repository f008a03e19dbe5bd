"""What notifications needs from outside."""

from dataclasses import dataclass, field
from typing import Protocol

from notifications.domain.messages import Notification


@dataclass(frozen=True, slots=True)
class Contact:
    """Who a customer is: fetched when a message is sent, and kept nowhere, nor ever shown."""

    name: str = field(repr=False)
    email: str = field(repr=False)


class Contacts(Protocol):
    """The way to the only service that knows people."""

    def read(self, customer_id: str) -> Contact | None:
        """The customer's contact; None if never registered, or forgotten. Raises Unavailable."""


class Orders(Protocol):
    """The way to whose an order is."""

    def customer_of(self, order_id: str) -> str | None:
        """The customer's id; None if there is no such order. Raises Unavailable."""


class Unavailable(Exception):
    """Another service answered with an error; trying again later may help."""


class BeingSent(Exception):
    """Another worker is sending this very message, or died doing so a moment ago."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an event that concerns a customer, and when; not whom.

    ``how`` is ``sending`` or as the ledger settled it; what was settled by an older version of the
    code has no time.
    """

    event_id: str
    template: str
    how: str
    settled_at: str | None


class Ledger(Protocol):
    """What has been told, by event."""

    def claim(self, notification: Notification) -> bool:
        """Take a message on; False if it was settled before. Raises BeingSent."""

    def settle(self, notification: Notification, how: str) -> None:
        """Remember how it ended: ``sent``, ``nobody`` or ``undeliverable``."""


class Undeliverable(Exception):
    """No mail can ever reach the address."""


class MailRefused(Exception):
    """The mail service does not take the message now; its code says why, without the address."""


class Mailer(Protocol):
    """The way to the customer."""

    def send(self, notification: Notification, contact: Contact) -> None:
        """Send a message. Raises Undeliverable, MailRefused."""
