"""SQS as services see it when they send."""

from typing import Any


class FakeQueue:
    """Keeps what is sent to it."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_message(self, **message: Any) -> dict[str, Any]:
        """As SendMessage."""
        self.sent.append(message)
        return {"MessageId": "1"}
