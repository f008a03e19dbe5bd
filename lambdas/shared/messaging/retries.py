"""Gives a message that failed another try: later each time, and with the count of its failures.

SQS counts how often a message was received, which is not how often it failed: a receive that Lambda
throttles counts as well, and so do those that a neighbour's crash brings about. So the count is
kept in the message: it is sent again with one failure more, and the one that failed is settled.
"""

import random
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.runtime import log

FAILURES = "failures"
"""The message attribute that holds the count."""
REDRIVEN = "redriven"
"""The message attribute by which an operator's tool marks what it sends again."""
LONGEST_WAIT = 120
"""Seconds."""


def failures_of(record: Mapping[str, Any]) -> int:
    """How often the message of an SQS record has failed before."""
    attribute = (record.get("messageAttributes") or {}).get(FAILURES) or {}
    text = str(attribute.get("stringValue", ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


class Retries:
    """For one queue: a message that failed ``attempts`` times gets no further try.

    ``client`` is a botocore SQS client. No wait is longer than ``longest_wait`` seconds, of which
    SQS takes 900.
    """

    def __init__(
        self, client: Any, queue_url: str, attempts: int, longest_wait: int = LONGEST_WAIT
    ) -> None:
        self._client = client
        self._queue_url = queue_url
        self._attempts = attempts
        self._longest_wait = longest_wait

    def are_used_up(self, record: Mapping[str, Any]) -> bool:
        """Whether the failure that has just happened was the last one that the message may have."""
        return failures_of(record) + 1 >= self._attempts

    def send_again(self, record: Mapping[str, Any]) -> bool:
        """Send the message of an SQS record again, with one failure more; whether that worked.

        If it did not, the message itself comes again after its visibility timeout, uncounted. If
        the worker dies before SQS knows that the record is settled, it is there twice: consumers
        bear that.
        """
        failures = failures_of(record) + 1
        attributes = {FAILURES: {"DataType": "Number", "StringValue": str(failures)}}
        if REDRIVEN in (record.get("messageAttributes") or {}):
            attributes[REDRIVEN] = {"DataType": "String", "StringValue": "yes"}
        try:
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=record["body"],
                DelaySeconds=_wait(failures, self._longest_wait),
                MessageAttributes=attributes,
            )
        except (BotoCoreError, ClientError) as failure:
            log.warning("message not sent again", error=type(failure).__name__)
            return False
        return True


def _wait(failures: int, at_most: int) -> int:
    """Seconds: doubling from one, with the upper half of it at random."""
    longest = min(at_most, 2 ** min(failures, 10))
    return random.randint(longest // 2, longest)  # noqa: S311
