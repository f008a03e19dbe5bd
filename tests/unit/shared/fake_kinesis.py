"""Kinesis as the log sees it: what it acknowledges is kept, what it refuses is not."""

from collections.abc import Callable
from typing import Any

import msgspec

from shared.envelope import Envelope

Refuse = Callable[[int, int], bool]


class FakeKinesis:
    """Keeps what it acknowledges. ``refuse(call, position)`` tells which records it does not."""

    def __init__(self, refuse: Refuse = lambda _call, _position: False) -> None:
        self._refuse = refuse
        self.calls: list[list[dict[str, Any]]] = []
        self.acknowledged: list[Envelope] = []

    def put_records(self, *, StreamARN: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """As PutRecords: some records may fail, and the others do not care."""
        assert StreamARN == "arn:stream"
        results: list[dict[str, str]] = []
        for position, record in enumerate(Records):
            if self._refuse(len(self.calls), position):
                results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                results.append({"SequenceNumber": str(len(self.acknowledged)), "ShardId": "0"})
                self.acknowledged.append(msgspec.json.decode(record["Data"], type=Envelope))
        self.calls.append(Records)
        return {"Records": results, "FailedRecordCount": sum("ErrorCode" in it for it in results)}

    def versions(self, order_id: str) -> list[int | None]:
        """An order's events in the order in which they reached the log."""
        return [event.version for event in self.acknowledged if event.aggregate_id == order_id]
