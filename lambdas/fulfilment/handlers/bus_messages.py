"""Works through a queue of messages from the bus: each one is handled, tried again, or parked."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from shared import log
from shared.envelope import Envelope, decode
from shared.parking import DeadLetters

SCHEMA_VERSION = 1


class Unacceptable(Exception):
    """The message can never be handled; the text says why."""


def handle(
    event: Mapping[str, Any],
    handle_one: Callable[[Envelope], None],
    dead_letters: DeadLetters,
    attempts: int,
) -> dict[str, Any]:
    """Handle a batch of SQS records; the answer names those that must come again.

    ``attempts`` is how often the queue delivers a message before it is parked.
    """
    failed = [
        {"itemIdentifier": record["messageId"]}
        for record in event["Records"]
        if not _settled(record, handle_one, dead_letters, attempts)
    ]
    return {"batchItemFailures": failed}


def _settled(
    record: Mapping[str, Any],
    handle_one: Callable[[Envelope], None],
    dead_letters: DeadLetters,
    attempts: int,
) -> bool:
    received = int(record["attributes"]["ApproximateReceiveCount"])
    try:
        handle_one(_read(record["body"]))
    except Unacceptable as reason:
        dead_letters.park(record["body"], str(reason), "fulfilment")
    except Exception as error:
        # Its name only: the words of an AWS error may quote what was sent.
        log.error("message not handled", error=type(error).__name__, attempt=received)
        if received < attempts:
            return False
        reason = f"failed {received} times, last with {type(error).__name__}"
        dead_letters.park(record["body"], reason, "fulfilment")
    return True


def _read(body: str) -> Envelope:
    try:
        message = decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as malformed:
        raise Unacceptable(f"not an envelope: {malformed}") from malformed
    if message.schema_version > SCHEMA_VERSION:
        raise Unacceptable(f"{message.type} of version {message.schema_version}")
    return message
