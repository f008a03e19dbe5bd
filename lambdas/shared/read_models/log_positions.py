"""How far each consumer has read the log: one item for each shard, written once a second at most,
and under a load that goes on once in ten seconds.

It stands beside the consumer's parked records. Nothing is decided by it: operators see from it how
far the consumers are, and a position that could not be written changes nothing.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.messaging.log_records import position_of
from shared.runtime import clock, log

SECONDS_BETWEEN = 1.0
"""From one write of a shard's position to the next, in one process."""
SECONDS_EACH, AT_ONCE = 10.0, 5.0
"""A process may write one in so many seconds, and so many that it has not written yet: of an order
now and then each batch is noted."""
MOST_SHARDS = 200
"""In one answer: those of streams that grew and shrank are kept."""


class LogPosition(msgspec.Struct, frozen=True):
    """The last record of a shard that a consumer has applied or parked.

    ``arrived_at`` is when the record reached the log, ``applied_at`` when the consumer was done
    with its batch.
    """

    shard: str
    sequence: str
    arrived_at: str | None
    applied_at: str


class LogPositions:
    """One consumer's positions, in the table of its parked records.

    ``client`` is a botocore DynamoDB client; ``monotonic`` gives seconds.
    """

    def __init__(
        self,
        client: Any,
        table_name: str,
        consumer: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._table = table_name
        self._partition = {"S": f"{consumer}#positions"}  # no consumer's name has such a sign
        self._monotonic = monotonic
        self._written: dict[str, tuple[float, float]] = {}
        """By shard: when, and how many more might have been written then."""

    def reached(self, event: Mapping[str, Any]) -> None:
        """Note the last record of a Kinesis event, all of whose records are of one shard.

        Never raises: a batch that is applied does not come again because of this.
        """
        try:
            self._note(event["Records"][-1])
        except Exception as error:
            log.warning("log position not noted", error=type(error).__name__)

    def _note(self, record: Mapping[str, Any]) -> None:
        shard, sequence = position_of(record)
        now = self._monotonic()
        at, left = self._written.get(shard, (float("-inf"), AT_ONCE))
        left = min(AT_ONCE, left + (now - at) / SECONDS_EACH)
        if now - at < SECONDS_BETWEEN or left < 1:
            return
        self._written[shard] = now, left - 1  # also of a write that fails: no second one at once
        item = {
            "consumer": self._partition,
            "record": {"S": shard},
            "sequence": {"S": sequence},
            "applied_at": {"S": clock.now()},
        }
        arrived = record["kinesis"].get("approximateArrivalTimestamp")
        if arrived is not None:
            item["arrived_at"] = {"S": clock.format_time(datetime.fromtimestamp(arrived, UTC))}
        self._client.put_item(TableName=self._table, Item=item)

    def all(self) -> list[LogPosition]:
        """The positions in all shards, as far as they are written; MOST_SHARDS at most."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="consumer = :consumer",
            ExpressionAttributeValues={":consumer": self._partition},
            Limit=MOST_SHARDS,
        )
        return [
            LogPosition(
                item["record"]["S"],
                item["sequence"]["S"],
                item["arrived_at"]["S"] if "arrived_at" in item else None,
                item["applied_at"]["S"],
            )
            for item in answer["Items"]
        ]
