"""Remembers which integration events are on the log, while a queue could bring them again."""

import time
from collections.abc import Callable, Collection
from typing import Any

from shared.runtime.dynamodb_batches import read_items, write_items

REMEMBERED_SECONDS = 15 * 24 * 3600
"""A message stays in a queue and then its dead letters for 14 days at most."""


class SeenEvents:
    """The table's key is ``event_id``; ``client`` is a botocore DynamoDB client.

    ``pause`` takes seconds.
    """

    def __init__(
        self, client: Any, table_name: str, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._table = table_name
        self._pause = pause

    def among(self, event_ids: Collection[str]) -> set[str]:
        """Those that have been seen. Raises StillUnprocessed if the table throttles."""
        keys = [{"event_id": {"S": event_id}} for event_id in set(event_ids)]
        found = read_items(self._client, self._table, keys, self._pause)
        return {item["event_id"]["S"] for item in found}

    def remember(self, event_ids: Collection[str]) -> None:
        """Note that these events are on the log. Raises StillUnprocessed if the table throttles."""
        expires_at = {"N": str(int(time.time()) + REMEMBERED_SECONDS)}
        puts = [
            {"PutRequest": {"Item": {"event_id": {"S": event_id}, "expires_at": expires_at}}}
            for event_id in event_ids
        ]
        write_items(self._client, self._table, puts, self._pause)
