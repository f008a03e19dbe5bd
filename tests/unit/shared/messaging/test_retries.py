"""A message that failed is sent again: later each time, and with the count of its failures."""

from typing import Any

import pytest

from shared.messaging.retries import LONGEST_WAIT, Retries, failures_of
from tests.support.fakes.fake_queue import FakeQueue, delivered

ATTEMPTS = 3


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
def retries(queue: FakeQueue) -> Retries:
    return Retries(queue, "url", ATTEMPTS)


@pytest.mark.parametrize(
    ("failures", "least", "most"),
    [(0, 1, 2), (1, 2, 4), (4, 16, 32), (6, 60, LONGEST_WAIT), (500, 60, LONGEST_WAIT)],
)
def test_each_try_waits_longer_than_the_one_before(
    queue: FakeQueue, retries: Retries, failures: int, least: int, most: int
) -> None:
    for _ in range(50):
        assert retries.send_again(delivered("a body", failures=failures))
    waits = [it["DelaySeconds"] for it in queue.sent]
    assert all(least <= seconds <= most for seconds in waits)
    assert len(set(waits)) > 1


def test_the_message_that_is_sent_again_counts_one_failure_more(
    queue: FakeQueue, retries: Retries
) -> None:
    record = delivered("a body")
    for failures in range(1, ATTEMPTS):
        assert not retries.are_used_up(record)
        retries.send_again(record)
        (again,) = queue.sent
        assert (again["QueueUrl"], again["MessageBody"]) == ("url", "a body")
        value = again["MessageAttributes"]["failures"]["StringValue"]
        record = delivered("a body", failures=int(value))
        assert failures_of(record) == failures
        queue.sent.clear()
    assert retries.are_used_up(record)


def test_receives_that_were_throttled_count_for_nothing(retries: Retries) -> None:
    assert not retries.are_used_up(delivered("a body", received=90))
    assert not retries.are_used_up(delivered("a body", failures=1, received=90))


@pytest.mark.parametrize("value", ["-1", "", "many", "1.5", "9" * 50, "\u0663", None])
def test_a_count_that_is_none_counts_as_none(value: Any) -> None:
    record = delivered("a body", failures=1)
    record["messageAttributes"]["failures"]["stringValue"] = value
    assert failures_of(record) == 0


def test_what_cannot_be_sent_again_comes_again_by_itself(
    queue: FakeQueue, retries: Retries, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.refuses = True
    assert not retries.send_again(delivered("a body"))
    assert "message not sent again" in capsys.readouterr().out
