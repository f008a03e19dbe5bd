"""Kinesis as who reads it sees it: shards, iterators that end, records that wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

START = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def refused(code: str) -> ClientError:
    """What botocore raises for that code."""
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetRecords")


@dataclass
class LogInMemory:
    """As much of a botocore Kinesis client as readers call; the newest record is told by ``now``.

    ``reads`` has a shard and a limit for each GetRecords; ``fails`` is raised by the next ones.
    """

    shards: dict[str, list[tuple[datetime, bytes]]] = field(default_factory=dict)
    parents: dict[str, list[str]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    now: datetime = START
    reads: list[tuple[str, int]] = field(default_factory=list)
    lists: int = 0
    fails: ClientError | None = None

    def put(self, shard: str, *bodies: bytes, at: datetime | None = None) -> None:
        """More records, a millisecond apart."""
        records = self.shards.setdefault(shard, [])
        for body in bodies:
            records.append((at or self.now + timedelta(milliseconds=len(records)), body))

    def list_shards(self, **_request: Any) -> dict[str, Any]:
        """As ListShards."""
        self.lists += 1
        return {"Shards": [self._listed(name) for name in sorted(self.shards)]}

    def _listed(self, name: str) -> dict[str, Any]:
        names = ("ParentShardId", "AdjacentParentShardId")
        ends = {"EndingSequenceNumber": "9"} if name in self.closed else {}
        return {
            "ShardId": name,
            "SequenceNumberRange": {"StartingSequenceNumber": "0", **ends},
            **dict(zip(names, self.parents.get(name, []), strict=False)),
        }

    def get_shard_iterator(self, **request: Any) -> dict[str, Any]:
        """As GetShardIterator, with the kinds that are used."""
        shard = request["ShardId"]
        if shard not in self.shards:
            raise refused("ResourceNotFoundException")
        records = self.shards[shard]
        match request["ShardIteratorType"]:
            case "AT_TIMESTAMP":
                start = sum(at < request["Timestamp"] for at, _ in records)
            case "AFTER_SEQUENCE_NUMBER":
                start = int(request["StartingSequenceNumber"]) + 1
            case kind:
                raise AssertionError(kind)
        return {"ShardIterator": f"{shard}/{start}"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        """As GetRecords."""
        if self.fails is not None:
            raise self.fails
        shard, _, start = request["ShardIterator"].partition("/")
        if shard not in self.shards:
            raise refused("InvalidArgumentException")
        self.reads.append((shard, request["Limit"]))
        records = self.shards[shard]
        end = min(int(start) + request["Limit"], len(records))
        behind = self.now - records[end][0] if end < len(records) else timedelta()
        over = shard in self.closed and end == len(records)
        return {
            "Records": [
                {
                    "SequenceNumber": str(number),
                    "ApproximateArrivalTimestamp": records[number][0],
                    "Data": records[number][1],
                }
                for number in range(int(start), end)
            ],
            **({} if over else {"NextShardIterator": f"{shard}/{end}"}),
            "MillisBehindLatest": max(0, int(behind.total_seconds() * 1000)),
        }
