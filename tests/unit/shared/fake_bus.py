"""EventBridge as services see it: it takes what is put on it, or refuses everything."""

from typing import Any

from shared.envelope import Envelope, decode


class FakeEventBridge:
    """Keeps the messages and the calls; ``refuses`` makes it throttle."""

    def __init__(self) -> None:
        self.refuses = False
        self.calls: list[list[dict[str, str]]] = []

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        """As PutEvents."""
        if self.refuses:
            results = [{"ErrorCode": "ThrottlingException"} for _ in Entries]
            return {"FailedEntryCount": len(Entries), "Entries": results}
        self.calls.append(Entries)
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in Entries]}

    @property
    def messages(self) -> list[Envelope]:
        """Everything that was put, in order."""
        return [decode(entry["Detail"]) for call in self.calls for entry in call]
