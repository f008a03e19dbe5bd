"""Mail by SES."""

import re
from typing import Any

from botocore.exceptions import ClientError

from notifications.domain.messages import Notification
from notifications.ports import Contact, MailRefused, Undeliverable
from shared.runtime import log

NO_ADDRESS = re.compile(
    r"illegal address"
    r"|missing final '@domain'"
    r"|local address contains"
    r"|domain (contains|starts|ends)"
    r"|invalid email address",
    re.IGNORECASE,
)
"""What SES says of an address that no mail can ever reach."""


class SesMailer:
    """Implements ``notifications.ports.Mailer``. ``client`` is a botocore ``sesv2`` client.

    It must not repeat calls by itself: SES knows no idempotency key, and a call whose answer was
    lost may have sent the mail.
    """

    def __init__(self, client: Any, sender: str, configuration_set: str) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set

    def send(self, notification: Notification, contact: Contact) -> None:
        """One message to one address. SES's words are never passed on: they quote the address.

        Raises:
            Undeliverable: there is no such address. Only what is certain is said to be so.
            MailRefused: anything else, such as a sender that is not verified, an account that is
                in the sandbox or paused, a message that SES rejects.
        """
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
            code = error.response["Error"]["Code"]
            if code == "BadRequestException" and NO_ADDRESS.search(str(error)):
                raise Undeliverable(notification.template) from None
            log.metric("MailRefused", 1)
            raise MailRefused(code) from None
