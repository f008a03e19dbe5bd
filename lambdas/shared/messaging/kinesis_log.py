"""Puts events on the log, at most one record of each partition key in each call."""

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from shared.messaging.envelope import Envelope, encode
from shared.runtime import log
from shared.runtime.payloads import MAX_EVENT_BYTES

MAX_RECORDS = 500
MAX_BYTES = 4 * 1024 * 1024
"""PutRecords takes 500 records and 5 MB with keys (Kinesis quotas); some room is left."""
MAX_KEY = 256
"""Characters of a partition key (Kinesis API reference, PutRecordsRequestEntry)."""
ATTEMPTS = 5
REFUSED_FOR_GOOD = ("InvalidArgumentException", "SerializationException", "ValidationException")
"""What Kinesis answers for a call with a record in it that it will never take."""
Record = tuple[Envelope, bytes]
Park = Callable[[Envelope, str], None]


class Unpublishable(ValueError):
    """The log takes no such record, however often it is put."""


class LogUnavailable(Exception):
    """Records were refused again and again: the batch must come again."""


def _tell(envelope: Envelope, reason: str) -> None:
    """Where nothing can be parked: reconciliation finds what is in the store and not on the log."""
    log.error("event not published", event_id=envelope.event_id, reason=reason)
    log.metric("EventsNotPublished", 1)


class KinesisLog:
    """The central event log.

    Records of one ``partition_key`` keep their order. ``client`` is a botocore Kinesis client.
    """

    def __init__(
        self,
        client: Any,
        stream_arn: str,
        partition_key: Callable[[Envelope], str],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._stream_arn = stream_arn
        self._partition_key = partition_key
        self._sleep = sleep

    def publish(self, envelopes: Iterable[Envelope], park: Park = _tell) -> int:
        """Put every event on the log, and return how many records that made.

        PutRecords promises no order and may fail in part, so the next record of a key waits
        until the one before it is acknowledged. It also takes or refuses a call as a whole: what
        Kinesis will never take goes to ``park``, with the reason, and holds nobody back.

        Raises:
            LogUnavailable: some records were refused ATTEMPTS times. What was acknowledged will be
                published again by the next try; consumers ignore versions that they have seen.
        """
        waiting: dict[str, deque[Record]] = {}
        for envelope in envelopes:
            try:
                key, data = _record(envelope, self._partition_key)
            except Unpublishable as never:
                park(envelope, str(never))
            else:
                waiting.setdefault(key, deque()).append((envelope, data))
        count = 0
        while waiting:
            for call in _calls(waiting):
                first = {key: waiting[key][0] for key in call}
                refused = self._put_until_acknowledged(first)
                count += len(first) - len(refused)
                for key, code in refused.items():
                    park(first[key][0], f"refused by the log: {code}")
            for key in list(waiting):
                waiting[key].popleft()
                if not waiting[key]:
                    del waiting[key]
        return count

    def _put_until_acknowledged(self, records: dict[str, Record]) -> dict[str, str]:
        """What was refused for good, with the code; all the rest is on the log."""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter
            try:
                answer = self._client.put_records(
                    StreamARN=self._stream_arn,
                    Records=[
                        {"PartitionKey": key, "Data": data} for key, (_, data) in records.items()
                    ],
                )
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code not in REFUSED_FOR_GOOD:
                    raise
                return self._put_in_halves(records, code)
            results = zip(list(records), answer["Records"], strict=True)
            records = {key: records[key] for key, result in results if "ErrorCode" in result}
            if not records:
                return {}
            log.metric("LogRecordsRefused", len(records))
        raise LogUnavailable(f"{len(records)} records were refused {ATTEMPTS} times")

    def _put_in_halves(self, records: dict[str, Record], code: str) -> dict[str, str]:
        """A whole call was refused because of one of its records: find that one."""
        keys = list(records)
        if len(keys) == 1:
            return {keys[0]: code}
        refused: dict[str, str] = {}
        for half in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
            refused |= self._put_until_acknowledged({key: records[key] for key in half})
        return refused


def _record(envelope: Envelope, partition_key: Callable[[Envelope], str]) -> tuple[str, bytes]:
    """Key and data of its record."""
    key = partition_key(envelope)
    if not 0 < len(key) <= MAX_KEY:
        raise Unpublishable(f"a partition key has 1 to {MAX_KEY} characters, not {len(key)}")
    try:
        key.encode()
        data = encode(envelope) + b"\n"  # Firehose appends nothing between records
    except (UnicodeEncodeError, ValueError, OverflowError, RecursionError) as unwritable:
        raise Unpublishable(f"cannot be written: {type(unwritable).__name__}") from unwritable
    if len(data) > MAX_EVENT_BYTES + 1:
        raise Unpublishable(f"larger than {MAX_EVENT_BYTES} bytes")
    return key, data


def _calls(waiting: dict[str, deque[Record]]) -> Iterator[list[str]]:
    """The keys whose next record goes in one call together."""
    keys: list[str] = []
    size = 0
    for key, records in list(waiting.items()):
        weight = len(key.encode()) + len(records[0][1])
        if keys and (len(keys) == MAX_RECORDS or size + weight > MAX_BYTES):
            yield keys
            keys, size = [], 0
        keys.append(key)
        size += weight
    if keys:
        yield keys
