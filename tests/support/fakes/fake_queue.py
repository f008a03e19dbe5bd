"""SQS as services see it when they send, with what it refuses."""

import re
from typing import Any

from botocore.exceptions import ClientError

MAX_BYTES = 1024 * 1024
NOT_ALLOWED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FakeQueue:
    """Keeps what is sent to it; ``refuses`` makes it fail for a while."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.refuses = False

    def send_message(self, **message: Any) -> dict[str, Any]:
        """As SendMessage, its documented refusals included."""
        if self.refuses:
            raise refusal("ServiceUnavailable", "")
        texts = [message["MessageBody"]]
        for name, attribute in message.get("MessageAttributes", {}).items():
            texts += [name, attribute["DataType"], attribute["StringValue"]]
        if not all(texts):
            raise refusal("InvalidParameterValue", "neither body nor attribute may be empty")
        if any(map(NOT_ALLOWED.search, texts)):
            raise refusal("InvalidMessageContents", "characters outside the allowed set")
        if sum(len(text.encode()) for text in texts) > MAX_BYTES:
            raise refusal("InvalidParameterValue", "longer than 1048576 bytes")
        self.sent.append(message)
        return {"MessageId": "1"}

    def reasons(self) -> list[str]:
        """Why the messages were parked that were sent here."""
        return [it["MessageAttributes"]["reason"]["StringValue"] for it in self.sent]


def refusal(code: str, message: str) -> ClientError:
    """What botocore raises where SQS refuses a message."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "SendMessage")


def delivered(body: str, *, failures: int = 0, received: int = 1, at: int = 0) -> dict[str, Any]:
    """One record of a batch as Lambda hands it over: failed, and received, so many times."""
    counted = {"failures": {"dataType": "Number", "stringValue": str(failures)}}
    return {
        "messageId": f"m-{at}",
        "receiptHandle": f"receipt-{at}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(received)},
        "messageAttributes": counted if failures else {},
    }
