"""Puts events on the log, at most one record of an order in each call."""

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from shared import log
from shared.envelope import Envelope, encode

MAX_RECORDS = 500
MAX_BYTES = 4 * 1024 * 1024
"""PutRecords takes 500 records and 5 MB with keys (Kinesis quotas); some room is left."""
ATTEMPTS = 5


class LogUnavailable(Exception):
    """Records were refused again and again: the batch must come again."""


class KinesisLog:
    """The central event log. ``client`` is a botocore Kinesis client."""

    def __init__(
        self, client: Any, stream_arn: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._stream_arn = stream_arn
        self._sleep = sleep

    def publish(self, envelopes: Iterable[Envelope]) -> int:
        """Put every event on the log, and return how many records that made.

        PutRecords promises no order and may fail in part, so the next version of an order waits
        until the one before it is acknowledged.

        Raises:
            LogUnavailable: some records were refused ATTEMPTS times. What was acknowledged will be
                published again by the next try; consumers ignore versions that they have seen.
        """
        waiting: dict[str, deque[bytes]] = {}
        for envelope in envelopes:
            record = encode(envelope) + b"\n"  # Firehose appends nothing between records
            waiting.setdefault(_key(envelope), deque()).append(record)
        count = sum(map(len, waiting.values()))
        while waiting:
            for call in _calls(waiting):
                self._put_until_acknowledged({key: waiting[key][0] for key in call})
            for key in list(waiting):
                waiting[key].popleft()
                if not waiting[key]:
                    del waiting[key]
        return count

    def _put_until_acknowledged(self, records: dict[str, bytes]) -> None:
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter
            answer = self._client.put_records(
                StreamARN=self._stream_arn,
                Records=[{"PartitionKey": key, "Data": data} for key, data in records.items()],
            )
            results = zip(list(records), answer["Records"], strict=True)
            records = {key: records[key] for key, result in results if "ErrorCode" in result}
            if not records:
                return
            log.metric("LogRecordsRefused", len(records))
        raise LogUnavailable(f"{len(records)} records were refused {ATTEMPTS} times")


def _key(envelope: Envelope) -> str:
    """An order's messages share a shard, its events and what others say of it alike."""
    order_id = envelope.data.get("order_id")
    return order_id if isinstance(order_id, str) and order_id else envelope.aggregate_id


def _calls(waiting: dict[str, deque[bytes]]) -> Iterator[list[str]]:
    """The keys whose next record goes in one call together."""
    keys: list[str] = []
    size = 0
    for key, records in list(waiting.items()):
        weight = len(key) + len(records[0])
        if keys and (len(keys) == MAX_RECORDS or size + weight > MAX_BYTES):
            yield keys
            keys, size = [], 0
        keys.append(key)
        size += weight
    if keys:
        yield keys
