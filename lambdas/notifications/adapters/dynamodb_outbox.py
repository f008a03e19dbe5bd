"""An outbox that can be read, where no mail is sent: what customers would get, without the person.

Name and address were there when the message was made, and are left out: this table may be kept.
"""

from typing import Any

from notifications.domain.messages import Notification
from notifications.ports import Contact
from shared.runtime import clock


class DynamoDbOutbox:
    """Implements ``notifications.ports.Mailer``.

    The table's key is ``customer_id`` (S) and ``event_id`` (S): the same message is there once.
    ``client`` is a botocore DynamoDB client.
    """

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def send(self, notification: Notification, contact: Contact) -> None:
        """Keep the message; it is rendered too, so that a text that cannot be made fails here."""
        assert notification.text(contact.name)
        self._client.put_item(
            TableName=self._table,
            Item={
                "customer_id": {"S": notification.customer_id},
                "event_id": {"S": notification.event_id},
                "template": {"S": notification.template},
                "subject": {"S": notification.subject},
                "parameters": {"M": {k: {"S": v} for k, v in notification.parameters.items()}},
                "sent_at": {"S": clock.now()},
            },
        )
