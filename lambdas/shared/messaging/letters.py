"""Dead letters as SQS hands them out: why each waits there, and what its queue gets once more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.messaging.envelope import Envelope, decode
from shared.messaging.retries import FAILURES, REDRIVEN

RULE_ARN = "RULE_ARN"
"""The message attribute by which EventBridge names the rule that could not deliver."""
ALTERED = "altered"
"""The attribute of a body that is not as its sender wrote it (``messaging.dead_letters``)."""
WITHOUT_REASON = "set aside by the queue: its worker died of it, or was throttled, too often"
_OF_DEAD_LETTERS = {
    "reason",
    "parked_by",
    FAILURES,
    REDRIVEN,
    RULE_ARN,
    "TARGET_ARN",
    "ERROR_CODE",
    "ERROR_MESSAGE",
    "EXHAUSTED_RETRY_CONDITION",
    "RETRY_ATTEMPTS",
}
"""What says why a message is here, and so belongs to no further try."""
_SENDABLE = ("DataType", "StringValue", "BinaryValue")


@dataclass(frozen=True, slots=True)
class Letter:
    """``sent_at`` is when it was set aside, in seconds since 1970; ``altered`` how its body differs
    from what its sender wrote, if it does; ``rule_arn`` the rule that could not deliver it.
    """

    id: str
    sent_at: float
    receipt: str
    reason: str
    body: str
    attributes: Mapping[str, Any]
    altered: str | None = None
    rule_arn: str | None = None

    @property
    def message(self) -> Envelope | None:
        """The envelope in the body, of a command or within an event of the bus, if it is one."""
        try:
            return decode(self.body)
        except msgspec.DecodeError:
            pass
        try:
            return decode(bytes(msgspec.json.decode(self.body, type=_OfTheBus).detail))
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return None


class _OfTheBus(msgspec.Struct, frozen=True):
    detail: msgspec.Raw


def letter_of(message: Mapping[str, Any]) -> Letter:
    """A message that was received with all its attributes."""
    attributes = message.get("MessageAttributes") or {}
    texts = {name: str(it.get("StringValue", "")) for name, it in attributes.items()}
    why = (texts.get(it) for it in ("reason", "ERROR_MESSAGE", "ERROR_CODE"))
    return Letter(
        message["MessageId"],
        int(message["Attributes"]["SentTimestamp"]) / 1000,
        message["ReceiptHandle"],
        next(filter(None, why), WITHOUT_REASON),
        message["Body"],
        {
            name: {key: value for key, value in it.items() if key in _SENDABLE}
            for name, it in attributes.items()
            if name not in _OF_DEAD_LETTERS
        },
        texts.get(ALTERED),
        texts.get(RULE_ARN),
    )


def send_again(client: Any, letter: Letter, *, dead_letters_url: str, queue_url: str) -> None:
    """To its queue first: if what follows fails, the message is there twice and not lost.

    ``client`` is a botocore SQS client.
    """
    client.send_message(
        QueueUrl=queue_url,
        MessageBody=letter.body,
        # By it the consumer begins a trace of its own, in place of going on with an old one.
        MessageAttributes={
            **letter.attributes,
            REDRIVEN: {"DataType": "String", "StringValue": "yes"},
        },
    )
    client.delete_message(QueueUrl=dead_letters_url, ReceiptHandle=letter.receipt)
