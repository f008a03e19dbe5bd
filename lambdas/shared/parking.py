"""Where a message waits that can never succeed: the queue's dead letters, with its reason."""

from typing import Any

from shared import log
from shared.plain_text import plain

MAX_REASON = 500


class DeadLetters:
    """A service's dead-letter queue, written to by hand. ``client`` is a botocore SQS client."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def park(self, body: str, reason: str, parked_by: str) -> None:
        """Keep the message where an operator finds it, and can redrive it from."""
        reason = plain(reason, MAX_REASON) or "no reason given"
        self._client.send_message(
            QueueUrl=self._queue_url,
            MessageBody=body,
            MessageAttributes={
                "reason": {"DataType": "String", "StringValue": reason},
                "parked_by": {"DataType": "String", "StringValue": parked_by},
            },
        )
        log.warning("message parked", reason=reason, parked_by=parked_by)
        log.metric("MessagesParked", 1)
