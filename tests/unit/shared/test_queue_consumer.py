"""Messages that nobody waits for are consumed, come again, or are parked with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from shared.envelope import Envelope, encode
from shared.queue_consumer import QueueConsumer, Unusable

MESSAGE = Envelope(
    event_id="e-1",
    type="Tested",
    schema_version=1,
    aggregate_type="order",
    aggregate_id="o-1",
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


def handled(error: Exception | None, body: str | None = None, received: int = 1) -> Any:
    """The answer to the queue, and why the message was parked, if it was."""
    letters = ParkedLetters()

    def consume(message: Envelope) -> None:
        if error:
            raise error

    record = {
        "messageId": "m-1",
        "body": encode(MESSAGE).decode() if body is None else body,
        "attributes": {"ApproximateReceiveCount": str(received)},
    }
    consumer = QueueConsumer(consume, letters, attempts=3)  # type: ignore[arg-type]
    answer = consumer.handle({"Records": [record]})
    return [it["itemIdentifier"] for it in answer["batchItemFailures"]], letters.reasons


def test_what_is_consumed_is_gone() -> None:
    assert handled(None) == ([], [])


@pytest.mark.parametrize("body", ["", "<quote/>", "[]", '{"event_id": 1}', "\ud800"])
def test_what_is_no_message_is_parked(body: str) -> None:
    failed, [reason] = handled(None, body)
    assert failed == []
    assert reason.startswith("not a message: ")


def test_what_can_never_be_consumed_is_parked_at_once() -> None:
    assert handled(Unusable("there is no such thing")) == ([], ["there is no such thing"])


@pytest.mark.parametrize("received", [1, 2])
def test_what_may_pass_comes_again(received: int) -> None:
    assert handled(ConnectionError("busy"), received=received) == (["m-1"], [])


def test_after_the_last_attempt_it_is_parked_without_the_errors_words() -> None:
    error = ConnectionError("could not mail ada@quillfeather.example")
    assert handled(error, received=3) == ([], ["failed 3 times, last with ConnectionError"])
