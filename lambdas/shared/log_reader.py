"""Reads the event log by hand: to reconcile, to rebuild, or because an operator wants to know."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.log_records import LogRecord

THROTTLED = "ProvisionedThroughputExceededException"
PATIENCE = 30
"""Times that a throttled read is tried again, a second apart: a shard's readers share its 2 MB/s,
and one read of 10 MB makes the others wait for five seconds (Kinesis quotas)."""


class RecordNotFound(Exception):
    """The log has no record at that place, or not any more."""


class LogReader:
    """``client`` is a botocore Kinesis client."""

    def __init__(
        self, client: Any, stream_arn: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._stream_arn = stream_arn
        self._sleep = sleep

    def shards(self) -> list[str]:
        """The ids of all shards that still hold records, the closed ones included."""
        found: list[str] = []
        request = {"StreamARN": self._stream_arn}
        while True:
            answer = self._client.list_shards(**request)
            found += [shard["ShardId"] for shard in answer["Shards"]]
            if not answer.get("NextToken"):
                return found
            request["NextToken"] = answer["NextToken"]

    def batches(
        self,
        shard: str,
        *,
        since: datetime | None = None,
        after: str | None = None,
        until: datetime | None = None,
    ) -> Iterator[list[LogRecord]]:
        """A shard's records that arrived until a time, or until now.

        It begins after a sequence number, or at a time of arrival, or with the oldest record.
        """
        until = until or datetime.now(UTC)
        iterator = self._iterator(shard, since, after)
        while iterator:
            answer = self._read_patiently(iterator)
            if answer["Records"]:
                yield [_record(shard, each) for each in answer["Records"]]
                if answer["Records"][-1]["ApproximateArrivalTimestamp"] > until:
                    return
            if answer["MillisBehindLatest"] == 0:
                return
            iterator = answer.get("NextShardIterator")

    def records(self, since: datetime | None = None) -> Iterator[LogRecord]:
        """Every shard's records up to its tip."""
        for shard in self.shards():
            for batch in self.batches(shard, since=since):
                yield from batch

    def record(self, shard: str, sequence: str) -> LogRecord:
        """One record. Raises RecordNotFound."""
        try:
            iterator = self._client.get_shard_iterator(
                StreamARN=self._stream_arn,
                ShardId=shard,
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                StartingSequenceNumber=sequence,
            )["ShardIterator"]
        except ClientError as error:
            raise RecordNotFound(f"{shard} {sequence}: {error}") from error
        found = self._client.get_records(
            StreamARN=self._stream_arn, ShardIterator=iterator, Limit=1
        )["Records"]
        if not found or found[0]["SequenceNumber"] != sequence:
            raise RecordNotFound(f"{shard} has no record {sequence}, or not any more")
        return _record(shard, found[0])

    def retention_hours(self) -> int:
        """How long the log keeps records."""
        answer = self._client.describe_stream_summary(StreamARN=self._stream_arn)
        return int(answer["StreamDescriptionSummary"]["RetentionPeriodHours"])

    def _iterator(self, shard: str, since: datetime | None, after: str | None) -> str | None:
        start: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
        if after is not None:
            start = {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "StartingSequenceNumber": after,
            }
        elif since is not None:
            start = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": since}
        answer = self._client.get_shard_iterator(StreamARN=self._stream_arn, ShardId=shard, **start)
        iterator: str | None = answer["ShardIterator"]
        return iterator

    def _read_patiently(self, iterator: str) -> Any:
        for attempt in range(PATIENCE):
            try:
                return self._client.get_records(
                    StreamARN=self._stream_arn, ShardIterator=iterator, Limit=10_000
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != THROTTLED or attempt == PATIENCE - 1:
                    raise
                self._sleep(1)
        raise AssertionError("unreachable")


def _record(shard: str, record: dict[str, Any]) -> LogRecord:
    return LogRecord(shard, record["SequenceNumber"], bytes(record["Data"]))
