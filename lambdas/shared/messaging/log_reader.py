"""Reads the event log by hand: to reconcile, to rebuild, or because an operator wants to know.

A shard gives five reads and 2 MB a second to all of its readers together (Kinesis quotas), and four
follow it all the time. Whoever reads by hand takes a fifth, and less while reads are throttled.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.messaging.log_records import LogRecord

THROTTLED = "ProvisionedThroughputExceededException"
PATIENCE = 30
"""Times that a throttled read is tried again."""
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 16.0
"""Seconds from one read of a shard to the next."""
SHARE = 2 * 1024 * 1024 // 5
"""Bytes of a shard that are read in a second."""
FIRST_RECORDS, MOST_RECORDS = 8, 10_000
"""Asked for in a read. Until their size is known there are so few that the largest ones, of 256 KB,
take no more than a second of what the shard gives: a read of 10 MB would take five."""


class RecordNotFound(Exception):
    """The log has no record at that place, or not any more."""


class Pace:
    """When to read a shard again, and how many records to ask for then."""

    def __init__(self, sleep: Callable[[float], None], monotonic: Callable[[], float]) -> None:
        self.records = FIRST_RECORDS
        self._sleep = sleep
        self._monotonic = monotonic
        self._pause = SHORTEST_PAUSE
        self._free_at = monotonic()

    def wait(self) -> None:
        """Until the next read may be made."""
        pause = self._free_at - self._monotonic()
        if pause > 0:
            self._sleep(pause)

    def throttled(self) -> None:
        """Others need the shard more: wait twice as long."""
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._free_at = self._monotonic() + self._pause

    def has_read(self, sizes: list[int]) -> None:
        """A read has brought records of these sizes in bytes."""
        self._pause = max(self._pause / 2, SHORTEST_PAUSE)
        self._free_at = self._monotonic() + max(self._pause, sum(sizes) / SHARE)
        if sizes:
            average = max(1, sum(sizes) // len(sizes))
            self.records = max(1, min(SHARE // average, self.records * 8, MOST_RECORDS))


class LogReader:
    """``client`` is a botocore Kinesis client; ``monotonic`` gives seconds."""

    def __init__(
        self,
        client: Any,
        stream_arn: str,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._stream_arn = stream_arn
        self._sleep = sleep
        self._monotonic = monotonic

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
        at: str | None = None,
        after: str | None = None,
        until: datetime | None = None,
    ) -> Iterator[list[LogRecord]]:
        """A shard's records that arrived until a time, or until now.

        It begins at or after a sequence number, or at a time of arrival, or with the oldest record.
        """
        until = until or datetime.now(UTC)
        iterator = self._iterator(shard, since, at, after)
        pace = self._pace()
        while iterator:
            answer = self._read(iterator, pace)
            if answer["Records"]:
                yield [_record(shard, each) for each in answer["Records"]]
                if answer["Records"][-1]["ApproximateArrivalTimestamp"] > until:
                    return
            if answer["MillisBehindLatest"] == 0:
                return
            iterator = answer.get("NextShardIterator")

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
        pace = self._pace()
        pace.records = 1
        found = self._read(iterator, pace)["Records"]
        if not found or found[0]["SequenceNumber"] != sequence:
            raise RecordNotFound(f"{shard} has no record {sequence}, or not any more")
        return _record(shard, found[0])

    def retention_hours(self) -> int:
        """How long the log keeps records."""
        answer = self._client.describe_stream_summary(StreamARN=self._stream_arn)
        return int(answer["StreamDescriptionSummary"]["RetentionPeriodHours"])

    def _iterator(
        self, shard: str, since: datetime | None, at: str | None, after: str | None
    ) -> str | None:
        start: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
        if at is not None:
            start = {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": at}
        elif after is not None:
            start = {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "StartingSequenceNumber": after,
            }
        elif since is not None:
            start = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": since}
        answer = self._client.get_shard_iterator(StreamARN=self._stream_arn, ShardId=shard, **start)
        iterator: str | None = answer["ShardIterator"]
        return iterator

    def _pace(self) -> Pace:
        return Pace(self._sleep, self._monotonic)

    def _read(self, iterator: str, pace: Pace) -> Any:
        for attempt in range(PATIENCE):
            pace.wait()
            try:
                answer = self._client.get_records(
                    StreamARN=self._stream_arn, ShardIterator=iterator, Limit=pace.records
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != THROTTLED or attempt == PATIENCE - 1:
                    raise
                pace.throttled()
            else:
                pace.has_read([len(record["Data"]) for record in answer["Records"]])
                return answer
        raise AssertionError("unreachable")


def _record(shard: str, record: dict[str, Any]) -> LogRecord:
    return LogRecord(shard, record["SequenceNumber"], bytes(record["Data"]))
