"""Failed messages wait longer each time."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.retry_later import LONGEST_WAIT, RetryLater


class VisibilityChanges:
    """A queue that keeps what becomes visible when, in seconds by receipt handle."""

    def __init__(self) -> None:
        self.waits: list[tuple[str, int]] = []
        self.refuses = False

    def change_message_visibility(self, **call: Any) -> None:
        """As ChangeMessageVisibility, also for a message that is not in flight any more."""
        if self.refuses:
            raise ClientError(
                {"Error": {"Code": "MessageNotInflight", "Message": ""}}, "ChangeMessageVisibility"
            )
        assert call["QueueUrl"] == "url"
        self.waits.append((call["ReceiptHandle"], call["VisibilityTimeout"]))


@pytest.mark.parametrize(
    ("attempt", "least", "most"),
    [(1, 1, 2), (2, 2, 4), (5, 16, 32), (7, 60, LONGEST_WAIT), (500, 60, LONGEST_WAIT)],
)
def test_each_attempt_waits_longer_than_the_one_before(attempt: int, least: int, most: int) -> None:
    queue = VisibilityChanges()
    for _ in range(50):
        RetryLater(queue, "url").postpone({"receiptHandle": "r-1"}, attempt)
    assert all(least <= seconds <= most for _, seconds in queue.waits)
    assert len({seconds for _, seconds in queue.waits}) > 1


def test_a_message_that_cannot_be_postponed_fails_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    queue = VisibilityChanges()
    queue.refuses = True
    RetryLater(queue, "url").postpone({"receiptHandle": "r-1"}, 1)
    assert "message not postponed" in capsys.readouterr().out
