"""The newest of the log, shard by shard, one bounded read at a time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from shared.messaging.log_reader import THROTTLED, Pace

MOST_RECORDS = 500
"""In one read; fewer where they are large: see ``Pace``."""
MOST_SHARDS = 200
"""That are told, the newest: a stream that grew and shrank keeps the closed ones for a while."""
SHARDS_SECONDS = 20.0
"""How long the list of shards is remembered."""
FIRST_LOOK = timedelta(minutes=15)
"""How far back a tail begins that names no time."""


class NoSuchShard(Exception):
    """The log has no shard of that name, or not any more."""


class PlaceExpired(Exception):
    """Kinesis does not know the iterator any more: it lives for five minutes."""


class NotAPlace(Exception):
    """It is no iterator of this log."""


class Busy(Exception):
    """Others take all that the shard gives."""


@dataclass(frozen=True, slots=True)
class Shard:
    """``parents`` are those that were split or merged into it; only an open one takes records."""

    name: str
    parents: Sequence[str]
    is_open: bool


@dataclass(frozen=True, slots=True)
class TailRecord:
    """A record as it stands in the log."""

    sequence: str
    arrived_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Tail:
    """``place`` is where to go on, None at the end of a closed shard.

    ``behind_ms`` is how far the newest record is ahead of these; 0 if there is none after them.
    """

    records: Sequence[TailRecord]
    place: str | None
    behind_ms: int


class LogTail:
    """``client`` is a botocore Kinesis client; ``monotonic`` gives seconds."""

    def __init__(
        self, client: Any, stream_arn: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._stream = stream_arn
        self._monotonic = monotonic
        self._pace = Pace(lambda _seconds: None, monotonic)  # only how much to ask for: turns wait
        self._shards: list[Shard] = []
        self._listed_at = float("-inf")

    def shards(self) -> list[Shard]:
        """Those that hold records, by name; MOST_SHARDS at most."""
        if self._monotonic() - self._listed_at >= SHARDS_SECONDS:
            self._shards = self._list()
            self._listed_at = self._monotonic()
        return self._shards

    def place(self, shard: str, since: datetime) -> str:
        """Where a shard's records begin that arrived at or after a time. Raises NoSuchShard."""
        return self._place(shard, NoSuchShard, ShardIteratorType="AT_TIMESTAMP", Timestamp=since)

    def place_after(self, shard: str, sequence: str) -> str:
        """Where the records begin that came after one. Raises NoSuchShard, NotAPlace."""
        return self._place(
            shard,
            NotAPlace,
            ShardIteratorType="AFTER_SEQUENCE_NUMBER",
            StartingSequenceNumber=sequence,
        )

    def read(self, place: str) -> Tail:
        """The next records from a place on. Raises PlaceExpired, NotAPlace, Busy."""
        limit = min(self._pace.records, MOST_RECORDS)
        try:
            answer = self._client.get_records(
                StreamARN=self._stream, ShardIterator=place, Limit=limit
            )
        except ClientError as error:
            raise _meant(error, NotAPlace) from error
        self._pace.has_read([len(it["Data"]) for it in answer["Records"]])
        return Tail(
            [
                TailRecord(
                    it["SequenceNumber"], it["ApproximateArrivalTimestamp"], bytes(it["Data"])
                )
                for it in answer["Records"]
            ],
            answer.get("NextShardIterator"),
            int(answer.get("MillisBehindLatest") or 0),
        )

    def _place(self, shard: str, otherwise: type[Exception], **where: Any) -> str:
        try:
            answer = self._client.get_shard_iterator(StreamARN=self._stream, ShardId=shard, **where)
        except ClientError as error:
            raise _meant(error, otherwise) from error
        iterator: str = answer["ShardIterator"]
        return iterator

    def _list(self) -> list[Shard]:
        found: list[Shard] = []
        request: dict[str, Any] = {"StreamARN": self._stream}
        while True:
            answer = self._client.list_shards(**request)
            found += [_shard(it) for it in answer["Shards"]]
            if not answer.get("NextToken"):
                return sorted(found, key=lambda it: it.name)[-MOST_SHARDS:]
            request["NextToken"] = answer["NextToken"]


def _shard(listed: dict[str, Any]) -> Shard:
    parents = (listed.get("ParentShardId"), listed.get("AdjacentParentShardId"))
    is_open = not listed.get("SequenceNumberRange", {}).get("EndingSequenceNumber")
    return Shard(listed["ShardId"], [it for it in parents if it], is_open)


def _meant(error: ClientError, otherwise: type[Exception]) -> Exception:
    code = error.response["Error"]["Code"]
    if code == "ExpiredIteratorException":
        return PlaceExpired()
    if code == THROTTLED:
        return Busy()
    if code in ("InvalidArgumentException", "ResourceNotFoundException", "ValidationException"):
        return otherwise()
    return error
