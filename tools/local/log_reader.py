"""Reads the event log from some place on: each call gives what is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tools.base.endpoint import Cloud
from tools.base.outputs import Outputs

MOST_RECORDS = 10_000
"""That one call gives (Kinesis, "GetRecords": 10,000 records or 10 MB)."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record, and the shard that it was found in."""

    shard: str
    partition_key: str
    data: bytes


class LogReader:
    """All shards of the log, from their begin (TRIM_HORIZON) or from now (LATEST) on."""

    def __init__(
        self, outputs: Outputs, cloud: Cloud, start: Literal["TRIM_HORIZON", "LATEST"]
    ) -> None:
        self._kinesis = cloud.client("kinesis")
        stream = outputs["services"]["event-log"]["streams"]["EventStream"]
        self._iterators: dict[str, str] = {
            shard["ShardId"]: self._kinesis.get_shard_iterator(
                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType=start
            )["ShardIterator"]
            for page in self._kinesis.get_paginator("list_shards").paginate(StreamName=stream)
            for shard in page["Shards"]
        }

    @property
    def shards(self) -> list[str]:
        """The ids of all that are read."""
        return list(self._iterators)

    def new(self) -> list[Record]:
        """What has come since the last call, each shard's records in their order."""
        return [record for shard in self.shards for record in self._new_in(shard)]

    def _new_in(self, shard: str) -> list[Record]:
        found: list[Record] = []
        while True:
            answer = self._kinesis.get_records(
                ShardIterator=self._iterators[shard], Limit=MOST_RECORDS
            )
            self._iterators[shard] = answer["NextShardIterator"]
            if not answer["Records"]:
                return found
            found += [Record(shard, it["PartitionKey"], it["Data"]) for it in answer["Records"]]
