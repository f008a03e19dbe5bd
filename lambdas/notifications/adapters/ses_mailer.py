"""Mail by SES."""

from typing import Any

from botocore.exceptions import ClientError

from notifications.domain.messages import Notification
from notifications.ports import Contact, Undeliverable

REFUSED_FOR_GOOD = {"MessageRejected", "BadRequestException"}


class SesMailer:
    """Implements ``notifications.ports.Mailer``. ``client`` is a botocore ``sesv2`` client."""

    def __init__(self, client: Any, sender: str, configuration_set: str) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set

    def send(self, notification: Notification, contact: Contact) -> None:
        """One message to one address. Raises Undeliverable, without SES's words: they quote it."""
        try:
            self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [contact.email]},
                Content={
                    "Simple": {
                        "Subject": {"Data": notification.subject, "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": notification.text(contact.name), "Charset": "UTF-8"}
                        },
                    }
                },
                ConfigurationSetName=self._configuration_set,
                EmailTags=[{"Name": "template", "Value": notification.template}],
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in REFUSED_FOR_GOOD:
                raise Undeliverable(notification.template) from None
            raise
