"""The queues of the services that carry out the saga's commands."""

from collections.abc import Mapping
from typing import Any

from shared.messaging.envelope import Envelope, encode


class OwnersQueues:
    """Implements ``fulfilment.ports.Owners``. ``client`` is a botocore SQS client."""

    def __init__(self, client: Any, url_by_owner: Mapping[str, str]) -> None:
        self._client = client
        self._url_by_owner = url_by_owner

    def send(self, owner: str, command: Envelope) -> None:
        """One message; the owner recognises a repetition by its id."""
        self._client.send_message(
            QueueUrl=self._url_by_owner[owner], MessageBody=encode(command).decode()
        )
