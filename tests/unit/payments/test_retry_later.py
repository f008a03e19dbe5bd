"""Failed messages wait longer each time, and the others are left alone."""

from typing import Any

import pytest

from payments.adapters.retry_later import LONGEST_WAIT, RetryLater


class FakeQueue:
    """Keeps what becomes visible when."""

    def __init__(self) -> None:
        self.waits: list[tuple[str, int]] = []

    def change_message_visibility(self, **call: Any) -> None:
        """As ChangeMessageVisibility."""
        assert call["QueueUrl"] == "url"
        self.waits.append((call["ReceiptHandle"], call["VisibilityTimeout"]))


def record(number: int, received: int) -> dict[str, Any]:
    return {
        "messageId": f"m-{number}",
        "receiptHandle": f"r-{number}",
        "attributes": {"ApproximateReceiveCount": str(received)},
    }


def test_only_what_failed_is_postponed() -> None:
    queue = FakeQueue()
    RetryLater(queue, "url").postpone([record(1, 1), record(2, 1)], {"m-2"})
    assert [handle for handle, _ in queue.waits] == ["r-2"]


@pytest.mark.parametrize(
    ("received", "least", "most"),
    [(1, 1, 2), (2, 2, 4), (5, 16, 32), (7, 60, LONGEST_WAIT), (500, 60, LONGEST_WAIT)],
)
def test_each_attempt_waits_longer_than_the_one_before(
    received: int, least: int, most: int
) -> None:
    queue = FakeQueue()
    for _ in range(50):
        RetryLater(queue, "url").postpone([record(1, received)], {"m-1"})
    assert all(least <= seconds <= most for _, seconds in queue.waits)
    assert len({seconds for _, seconds in queue.waits}) > 1
