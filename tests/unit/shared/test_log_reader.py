"""Whoever reads the log by hand leaves the shard to those who follow it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.log_reader import LONGEST_PAUSE, PATIENCE, SHARE, LogReader

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
