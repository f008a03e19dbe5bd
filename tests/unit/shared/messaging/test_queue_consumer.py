"""Messages that nobody waits for are consumed, come again, or are parked with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from shared.messaging.envelope import Envelope, encode
from shared.messaging.queue_consumer import QueueConsumer, Unusable
from shared.messaging.retries import Retries
from tests.support.fakes.fake_queue import FakeQueue, delivered

MESSAGE = Envelope(
    event_id="00000000-0000-4000-8000-0000000000e1",
    type="Tested",
    schema_version=1,
    aggregate_type="order",
    aggregate_id="00000000-0000-4000-8000-000000000001",
    version=None,
    occurred_at="2026-12-01T00:00:00.000Z",
    correlation_id="c-1",
    causation_id=None,
    traceparent="00-0-0-01",
    data={},
)


class ParkedLetters:
    """Keeps what is parked, in place of a queue."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def park(self, body: str, reason: str, parked_by: str) -> None:
        self.reasons.append(reason)


def handled(error: Exception | None, body: str | None = None, failures: int = 0) -> Any:
    """How often the message is sent again, and why it was parked, if it was."""
    letters = ParkedLetters()

    def consume(message: Envelope) -> None:
        if error:
            raise error

    record = delivered(
        encode(MESSAGE).decode() if body is None else body, failures=failures, received=50
    )
    queue = FakeQueue()
    retries = Retries(queue, "url", attempts=3)
    consumer = QueueConsumer(consume, letters, retries)  # type: ignore[arg-type]
    assert consumer.handle({"Records": [record]}) == {"batchItemFailures": []}
    return len(queue.sent), letters.reasons


def test_what_is_consumed_is_gone() -> None:
    assert handled(None) == (0, [])


@pytest.mark.parametrize("body", ["", "<quote/>", "[]", '{"event_id": 1}', "\ud800"])
def test_what_is_no_message_is_parked(body: str) -> None:
    sent_again, [reason] = handled(None, body)
    assert sent_again == 0
    assert reason.startswith("not a message: ")


def test_what_can_never_be_consumed_is_parked_at_once() -> None:
    assert handled(Unusable("there is no such thing")) == (0, ["there is no such thing"])


@pytest.mark.parametrize("failures", [0, 1])
def test_what_may_pass_comes_again_however_often_it_was_received(failures: int) -> None:
    assert handled(ConnectionError("busy"), failures=failures) == (1, [])


def test_after_the_last_attempt_it_is_parked_without_the_errors_words() -> None:
    error = ConnectionError("could not mail ada@quillfeather.example")
    assert handled(error, failures=2) == (0, ["failed 3 times, last with ConnectionError"])
