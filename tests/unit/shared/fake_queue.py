"""SQS as services see it when they send."""

from typing import Any

from botocore.exceptions import ClientError


class FakeQueue:
    """Keeps what is sent to it, or refuses everything."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.refuses = False

    def send_message(self, **message: Any) -> dict[str, Any]:
        """As SendMessage."""
        if self.refuses:
            raise ClientError(
                {"Error": {"Code": "ServiceUnavailable", "Message": ""}}, "SendMessage"
            )
        self.sent.append(message)
        return {"MessageId": "1"}


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
