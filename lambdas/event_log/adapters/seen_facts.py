"""Remembers which facts are on the log, for as long as a queue could bring them again."""

import random
import time
from collections.abc import Callable, Collection
from typing import Any

REMEMBERED_SECONDS = 15 * 24 * 3600
"""A message stays in a queue and then its dead letters for 14 days at most."""
BATCH_WRITE = 25
"""BatchWriteItem's limit of items."""
ATTEMPTS = 6


class NotRemembered(Exception):
    """DynamoDB put so many facts off again and again: their batch must come again."""


class SeenFacts:
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
        """Those of at most 100 ids that have been seen."""
        keys = [{"event_id": {"S": event_id}} for event_id in set(event_ids)]
        request: dict[str, Any] = {self._table: {"Keys": keys, "ConsistentRead": True}}
        seen: set[str] = set()
        while request and keys:
            answer = self._client.batch_get_item(RequestItems=request)
            seen |= {item["event_id"]["S"] for item in answer["Responses"].get(self._table, [])}
            request = answer.get("UnprocessedKeys") or {}
        return seen

    def remember(self, event_ids: Collection[str]) -> None:
        """Note that these facts are on the log."""
        expires_at = {"N": str(int(time.time()) + REMEMBERED_SECONDS)}
        puts = [
            {"PutRequest": {"Item": {"event_id": {"S": event_id}, "expires_at": expires_at}}}
            for event_id in event_ids
        ]
        for start in range(0, len(puts), BATCH_WRITE):
            request = {self._table: puts[start : start + BATCH_WRITE]}
            for attempt in range(ATTEMPTS):
                request = self._client.batch_write_item(RequestItems=request)["UnprocessedItems"]
                if not request:
                    break
                self._pause(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311
            else:
                raise NotRemembered(len(request[self._table]))
