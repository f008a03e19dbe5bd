"""The one command of notifications: tell a customer what an event means for them."""

from notifications.domain.messages import Notification
from notifications.ports import Contacts, Ledger, Mailer, Undeliverable

SETTLED_BEFORE = "settled-before"
SENT = "sent"
NOBODY = "nobody"
UNDELIVERABLE = "undeliverable"


def tell(ledger: Ledger, contacts: Contacts, mailer: Mailer, notification: Notification) -> str:
    """Send a message unless it is settled, and return how it ended.

    The claim is kept before and the settlement after sending. A worker that dies in between leaves
    a claim that lapses, and the message is sent again: a customer who is told twice is better off
    than one who is not told. Nothing else can send twice.

    Raises:
        BeingSent: another worker has claimed it; the message must come again.
        Unavailable: customers did not answer.
        MailRefused: the mail service takes nothing now. Nothing is settled by that, however often.
    """
    if not ledger.claim(notification):
        return SETTLED_BEFORE
    contact = contacts.read(notification.customer_id)
    how = NOBODY
    if contact is not None:
        try:
            mailer.send(notification, contact)
            how = SENT
        except Undeliverable:
            how = UNDELIVERABLE
    ledger.settle(notification, how)
    return how
