"""Kinesis as the log sees it: what it acknowledges is kept, what it refuses is not."""

from collections.abc import Callable
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from shared.messaging.envelope import Envelope

Refuse = Callable[[int, int], bool]
MAX_RECORD = 1024 * 1024
MAX_CALL = 5 * 1024 * 1024


class FakeKinesis:
    """Keeps what it acknowledges. ``refuse(call, position)`` tells which records it does not.

    ``refuses_keys`` are partition keys for which it refuses the whole call, with the code.
    """

    def __init__(self, refuse: Refuse = lambda _call, _position: False) -> None:
        self._refuse = refuse
        self.refuses_keys: dict[str, str] = {}
        self.calls: list[list[dict[str, Any]]] = []
        self.acknowledged: list[Envelope] = []

    def put_records(self, *, StreamARN: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """As PutRecords: some records may fail, and the others do not care.

        A record that breaks the documented limits has the whole call refused.
        """
        assert StreamARN == "arn:stream"
        keys = [record["PartitionKey"] for record in Records]
        sizes = [len(it["Data"]) + len(it["PartitionKey"].encode()) for it in Records]
        if not 0 < len(Records) <= 500 or not all(0 < len(key) <= 256 for key in keys):
            raise refusal("ValidationException")
        if max(sizes) > MAX_RECORD or sum(sizes) > MAX_CALL:
            raise refusal("InvalidArgumentException")
        for key in keys:
            if key in self.refuses_keys:
                raise refusal(self.refuses_keys[key])
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


def refusal(code: str) -> ClientError:
    """What botocore raises where Kinesis refuses a whole call."""
    return ClientError({"Error": {"Code": code, "Message": ""}}, "PutRecords")
