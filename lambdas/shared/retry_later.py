"""Lets a failed message wait before it comes again: longer each time, and not all at once."""

import random
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared import log

LONGEST_WAIT = 120


class RetryLater:
    """For one queue. ``client`` is a botocore SQS client.

    Without it a failed message would wait for the queue's whole visibility timeout, which is made
    for a worker that died: too long after a hiccup, and too short for an outage.
    """

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def postpone(self, record: Mapping[str, Any], attempt: int) -> None:
        """Set when an SQS record that has failed for the so-many-th time becomes visible again.

        Where that fails it comes again after the visibility timeout: no reason to fail the batch.
        """
        try:
            self._client.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=record["receiptHandle"],
                VisibilityTimeout=_wait(attempt),
            )
        except (BotoCoreError, ClientError) as failure:
            log.warning("message not postponed", error=type(failure).__name__)


def _wait(attempt: int) -> int:
    """Seconds: doubling from one, with the upper half of it at random."""
    longest = min(LONGEST_WAIT, 2 ** min(attempt, 10))
    return random.randint(longest // 2, longest)  # noqa: S311
