"""Where a message waits that can never succeed: the queue's dead letters, with its reason.

Parking may not fail for what it parks. SQS refuses a message that is empty, that holds a character
which XML does not know, in its body or in an attribute, or that is too large with its attributes.
What cannot be sent as it is, is escaped or cut, and an attribute says so.
"""

import hashlib
import re
from typing import Any

from shared.runtime import log
from shared.runtime.plain_text import plain

MAX_REASON = 500
MAX_BYTES = 1024 * 1024
"""A dead-letter queue takes 1 MiB, attributes included (SQS quotas)."""
NOT_ALLOWED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""All that SQS does not take (SendMessage, "MessageBody")."""


class DeadLetters:
    """A service's dead-letter queue, written to by hand. ``client`` is a botocore SQS client."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def park(self, body: str, reason: str, parked_by: str) -> None:
        """Keep the message where an operator finds it, and can redrive it from.

        What another attribute, ``altered``, says of a body: ``escaped``: undo it with Python's
        ``unicode_escape``; ``empty``: there was none; ``cut``: only its beginning is there, with
        the ``digest`` (SHA-256) of the whole.
        """
        attributes = {"reason": as_reason(reason), "parked_by": parked_by}
        if not body:
            body, attributes["altered"] = "(empty)", "empty"
        elif NOT_ALLOWED.search(body):
            body = body.encode("unicode_escape").decode("ascii")
            attributes["altered"] = "escaped"
        if _size(body, attributes) > MAX_BYTES:
            encoded = body.encode()
            altered = "cut" if "altered" not in attributes else f"{attributes['altered']}, cut"
            attributes |= {"altered": altered, "digest": hashlib.sha256(encoded).hexdigest()}
            room = MAX_BYTES - _size("", attributes)
            body = encoded[:room].decode(errors="ignore")
        self._client.send_message(
            QueueUrl=self._queue_url,
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )
        log.warning("message parked", **attributes)
        log.metric("MessagesParked", 1)


def as_reason(text: str) -> str:
    """A reason that can be kept and shown anywhere: one line of bounded length, never empty."""
    return plain(text, MAX_REASON) or "no reason given"


def _size(body: str, attributes: dict[str, str]) -> int:
    """As SQS counts it: names, types and values of the attributes belong to the message."""
    return len(body.encode()) + sum(
        len(name) + len("String") + len(value.encode()) for name, value in attributes.items()
    )
