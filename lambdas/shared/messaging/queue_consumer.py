"""Works through a queue of messages that nobody waits for: each is consumed, or parked.

Commands, which are answered, have ``queue_worker``; this is for answers, deadlines and events.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, decode
from shared.messaging.retries import Retries, failures_of
from shared.messaging.sqs_batch import settle_each
from shared.messaging.traced import QUEUE, made_in, of_record, processing
from shared.runtime import log
from shared.runtime.tracing.spans import Span


class Unusable(Exception):
    """The message can never be consumed; the text says why, and quotes nothing about a person."""


class QueueConsumer:
    """``consume`` may raise Unusable to have the message parked at once.

    Anything else that it raises may pass: the message comes again until its ``retries`` are used
    up, and is then parked with its reason. Consuming a message again must change nothing more.

    ``read`` makes a message of an SQS record's body, or raises Unusable: envelopes alone are what
    one service's own parts send each other; what comes from the bus is read by ``from_bus``.
    """

    def __init__(
        self,
        consume: Callable[[Envelope], None],
        dead_letters: DeadLetters,
        retries: Retries,
        read: Callable[[str], Envelope] | None = None,
    ) -> None:
        self._consume = consume
        self._read = read or _read_envelope
        self._dead_letters = dead_letters
        self._retries = retries

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Consume a batch of SQS records; the answer names those that must come again."""
        return settle_each(event, self._settled, self._retries)

    def _settled(self, record: Mapping[str, Any]) -> bool:
        try:
            message = self._read(record["body"])
        except Unusable as unreadable:
            return self._park(record, str(unreadable))
        queue, again = of_record(record)
        with processing(message, QUEUE, queue, again=again) as span:
            return self._consumed(record, made_in(span, message), span)

    def _consumed(self, record: Mapping[str, Any], message: Envelope, span: Span) -> bool:
        try:
            self._consume(message)
        except Unusable as unusable:
            span.error = type(unusable).__name__
            return self._park(record, str(unusable))
        except Exception as error:
            span.error = type(error).__name__
            failures = failures_of(record) + 1
            log.error(
                "message not consumed",
                type=message.type,
                error=type(error).__name__,
                attempt=failures,
                correlation_id=message.correlation_id,
            )
            if not self._retries.are_used_up(record):
                return False
            return self._park(record, f"failed {failures} times, last with {type(error).__name__}")
        return True

    def _park(self, record: Mapping[str, Any], reason: str) -> bool:
        self._dead_letters.park(record["body"], reason, "queue-consumer")
        return True


def _read_envelope(body: str) -> Envelope:
    try:
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as malformed:
        raise Unusable(f"not a message: {malformed}") from malformed
