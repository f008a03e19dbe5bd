"""Whoever reads the log by hand leaves the shard to those who follow it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.messaging.log_reader import LONGEST_PAUSE, PATIENCE, SHARE, LogReader, RecordNotFound

MOST_IN_A_READ = 10 * 1024 * 1024
"""Kinesis gives no more at once."""


class Shard:
    """A shard of records of given sizes, its clock, and a note of each read: when, and how much."""

    def __init__(self, sizes: list[int]) -> None:
        self.sizes = sizes
        self.now = 0.0
        self.reads: list[tuple[float, int]] = []
        self.refusals = 0
        self.refused_at: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now

    def get_shard_iterator(self, **_: Any) -> dict[str, Any]:
        return {"ShardIterator": "0"}

    def get_records(self, *, ShardIterator: str, Limit: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        if self.refusals:
            self.refusals -= 1
            self.refused_at.append(self.now)
            code = "ProvisionedThroughputExceededException"
            raise ClientError({"Error": {"Code": code, "Message": "as planted"}}, "GetRecords")
        start, size = int(ShardIterator), 0
        end = start
        while end < min(len(self.sizes), start + Limit) and size < MOST_IN_A_READ:
            size += self.sizes[end]
            end += 1
        self.reads.append((self.now, size))
        return {
            "Records": [
                {
                    "SequenceNumber": str(number),
                    "Data": b"." * self.sizes[number],
                    "ApproximateArrivalTimestamp": datetime(2026, 1, 1, tzinfo=UTC),
                }
                for number in range(start, end)
            ],
            "MillisBehindLatest": 0 if end == len(self.sizes) else 1000,
            "NextShardIterator": str(end),
        }


def read(shard: Shard) -> list[str]:
    reader = LogReader(shard, "arn:stream", shard.sleep, shard.monotonic)
    return [record.sequence for batch in reader.batches("shard-0") for record in batch]


@pytest.mark.parametrize(
    "sizes", [[1_000] * 5_000, [255 * 1024] * 100, [1_000] * 100 + [255 * 1024] * 50]
)
def test_a_shard_is_read_once_a_second_and_a_fifth_of_it(sizes: list[int]) -> None:
    shard = Shard(sizes)
    assert read(shard) == [str(number) for number in range(len(sizes))]
    for (at, size), (following, _) in zip(shard.reads, shard.reads[1:], strict=False):
        assert following - at >= max(1, size / SHARE), "the next read came too soon"
    whole_seconds = shard.reads[-1][0]
    assert sum(size for _, size in shard.reads[:-1]) <= SHARE * whole_seconds


def test_once_records_are_known_to_be_small_many_are_read_at_once() -> None:
    shard = Shard([10] * 5_000)
    read(shard)
    assert [size // 10 for _, size in shard.reads] == [8, 64, 512, 4096, 320]


def test_the_first_read_takes_a_second_of_the_shard_at_most_however_large_its_records() -> None:
    shard = Shard([256 * 1024] * 100)
    read(shard)
    assert shard.reads[0][1] <= 2 * 1024 * 1024


def test_while_reads_are_throttled_they_become_rarer_and_then_more_frequent_again() -> None:
    shard = Shard([1_000] * 20_000)
    shard.refusals = 6
    assert len(read(shard)) == 20_000
    pauses = [b - a for a, b in zip(shard.refused_at, shard.refused_at[1:], strict=False)]
    assert pauses == [2, 4, 8, LONGEST_PAUSE, LONGEST_PAUSE]
    after = [b - a for (a, _), (b, _) in zip(shard.reads, shard.reads[1:], strict=False)]
    assert after[0] == LONGEST_PAUSE / 2
    assert min(after) < 2


def test_a_shard_that_stays_throttled_is_given_up() -> None:
    shard = Shard([1_000])
    shard.refusals = PATIENCE
    with pytest.raises(ClientError):
        read(shard)
    assert shard.refusals == 0


def test_a_single_record_is_asked_for_alone() -> None:
    shard = Shard([5, 5])
    reader = LogReader(shard, "arn:stream", shard.sleep, shard.monotonic)
    assert reader.record("shard-0", "0").body == b"....."
    assert shard.reads == [(0.0, 5)]


ARRIVED = [datetime(2026, 1, 1, 9, minute, tzinfo=UTC) for minute in range(4)]


class Stream:
    """A log of one-record reads; it notes what it is asked. Records arrive a minute apart."""

    def __init__(self, shards: int = 0) -> None:
        self.shards = shards
        self.arrived = ARRIVED
        self.asked: list[dict[str, Any]] = []

    def list_shards(self, *, StreamARN: str, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803
        assert StreamARN == "arn:stream"
        start, end = int(NextToken), min(int(NextToken) + 2, self.shards)
        answer: dict[str, Any] = {
            "Shards": [{"ShardId": f"shard-{number}"} for number in range(start, end)]
        }
        if end < self.shards:
            answer["NextToken"] = str(end)
        return answer

    def get_shard_iterator(self, **asked: Any) -> dict[str, Any]:
        assert asked.pop("StreamARN") == "arn:stream"
        self.asked.append(asked)
        if asked.get("StartingSequenceNumber") == "trimmed":
            raise ClientError({"Error": {"Code": "x", "Message": "y"}}, "GetShardIterator")
        return {"ShardIterator": "0"}

    def get_records(self, *, StreamARN: str, ShardIterator: str, Limit: int) -> dict[str, Any]:  # noqa: N803
        assert StreamARN == "arn:stream"
        assert Limit >= 1
        number = int(ShardIterator)
        record = {
            "SequenceNumber": f"s-{number}",
            "Data": b"a body",
            "ApproximateArrivalTimestamp": self.arrived[number],
        }
        last = number + 1 == len(self.arrived)
        return {
            "Records": [record],
            "MillisBehindLatest": 0 if last else 1,
            "NextShardIterator": str(number + 1),
        }

    def describe_stream_summary(self, *, StreamARN: str) -> dict[str, Any]:  # noqa: N803
        assert StreamARN == "arn:stream"
        return {"StreamDescriptionSummary": {"RetentionPeriodHours": 168}}

    @property
    def reader(self) -> LogReader:
        return LogReader(self, "arn:stream", lambda _: None)


@pytest.mark.parametrize("count", range(6))
def test_every_shard_is_listed_however_many_pages_that_takes(count: int) -> None:
    assert Stream(count).reader.shards() == [f"shard-{number}" for number in range(count)]


@pytest.mark.parametrize(
    ("asked", "start"),
    [
        ({}, {"ShardIteratorType": "TRIM_HORIZON"}),
        (
            {"at": "s-1", "after": "s-2"},
            {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": "s-1"},
        ),
        (
            {"after": "s-2", "since": ARRIVED[0]},
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": "s-2"},
        ),
        (
            {"since": ARRIVED[1]},
            {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": ARRIVED[1]},
        ),
    ],
)
def test_a_shard_is_read_from_where_it_was_asked(
    asked: dict[str, Any], start: dict[str, Any]
) -> None:
    stream = Stream()
    batches = list(stream.reader.batches("shard-7", **asked))
    assert stream.asked == [{"ShardId": "shard-7", **start}]
    assert [(it.shard, it.sequence, it.body) for batch in batches for it in batch] == [
        ("shard-7", f"s-{number}", b"a body") for number in range(4)
    ]


def test_reading_ends_with_the_first_batch_that_arrived_after_the_time() -> None:
    found = list(Stream().reader.batches("shard-0", until=ARRIVED[1]))
    assert [record.sequence for batch in found for record in batch] == ["s-0", "s-1", "s-2"]


def test_without_a_time_reading_ends_with_what_has_arrived_by_now() -> None:
    stream = Stream()
    stream.arrived = [datetime.now(UTC) + timedelta(hours=1)] * 4
    assert len(list(stream.reader.batches("shard-0"))) == 1


def test_a_record_is_found_by_its_place() -> None:
    stream = Stream()
    found = stream.reader.record("shard-7", "s-0")
    assert (found.shard, found.sequence, found.body) == ("shard-7", "s-0", b"a body")
    assert stream.asked == [
        {
            "ShardId": "shard-7",
            "ShardIteratorType": "AT_SEQUENCE_NUMBER",
            "StartingSequenceNumber": "s-0",
        }
    ]


@pytest.mark.parametrize("sequence", ["s-9", "trimmed"])
def test_a_record_that_is_not_there_is_said_not_to_be(sequence: str) -> None:
    with pytest.raises(RecordNotFound, match=sequence):
        Stream().reader.record("shard-7", sequence)


def test_an_empty_shard_has_no_record_either(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream()
    monkeypatch.setattr(stream, "get_records", lambda **_: {"Records": []})
    with pytest.raises(RecordNotFound, match="s-0"):
        stream.reader.record("shard-7", "s-0")


def test_how_long_the_log_keeps_records_is_its_own_answer() -> None:
    assert Stream().reader.retention_hours() == 168
