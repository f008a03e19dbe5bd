"""Adds to the archive what it misses, in its own format.

An object's name follows from what is in it: filling the same gap twice adds nothing.
"""

import gzip
from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError

from shared.messaging.envelope import Envelope, encode

DAY, HOUR = len("2026-12-01"), len("2026-12-01T09")
EVENTS_IN_AN_OBJECT = 20_000


class BackFill:
    """``client`` is a botocore S3 client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def add(self, events: Iterable[Envelope]) -> int:
        """Keep these events, some objects for each hour; returns how many were added."""
        by_hour: dict[str, list[Envelope]] = defaultdict(list)
        for event in events:
            by_hour[event.occurred_at[:HOUR]].append(event)
        added = 0
        for hour, of_hour in sorted(by_hour.items()):
            of_hour.sort(key=lambda event: (event.aggregate_id, event.version or 0, event.event_id))
            for start in range(0, len(of_hour), EVENTS_IN_AN_OBJECT):
                added += self._put(hour, of_hour[start : start + EVENTS_IN_AN_OBJECT])
        return added

    def _put(self, hour: str, events: list[Envelope]) -> int:
        lines = b"".join(encode(event) + b"\n" for event in events)
        name = f"hour={hour[DAY + 1 :]}-{sha256(lines).hexdigest()[:32]}"
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=f"events/backfill/day={hour[:DAY]}/{name}.jsonl.gz",
                Body=gzip.compress(lines, mtime=0),
                IfNoneMatch="*",
                ChecksumAlgorithm="CRC32",  # a locked bucket takes nothing without one
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "412"):
                raise
            return 0
        return len(events)
