"""Generations of a read model: one is served, and another may be built beside it."""

import time
from collections.abc import Callable, Sequence
from typing import Any

FIRST_GENERATION = "g1"
POINTER_SECONDS = 1.0
"""How long a warm function believes the pointer; whoever moves it waits longer than this."""


def pointer_key(key: Sequence[str]) -> dict[str, Any]:
    """The key of the pointer's item, in a table with these key attributes."""
    return {name: {"S": "pointer"} for name in key}


class Generations:
    """The pointer item ``{live, building}`` of a table, remembered for POINTER_SECONDS.

    ``key`` is the pointer's key in that table; ``client`` is a botocore DynamoDB client.
    """

    def __init__(
        self,
        client: Any,
        table_name: str,
        key: dict[str, Any],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._table = table_name
        self._key = key
        self._clock = clock
        self._read_at = float("-inf")
        self._live = FIRST_GENERATION
        self._building: str | None = None

    @property
    def live(self) -> str:
        """The generation that queries read."""
        self._refresh()
        return self._live

    @property
    def written(self) -> Sequence[str]:
        """Every generation that a projector keeps up to date, the live one first."""
        self._refresh()
        return [self._live, self._building] if self._building else [self._live]

    def _refresh(self) -> None:
        asked_at = self._clock()  # the answer may be as old as the question
        if asked_at - self._read_at < POINTER_SECONDS:
            return
        answer = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True)
        item = answer.get("Item", {})
        self._live = item.get("live", {}).get("S", FIRST_GENERATION)
        self._building = item.get("building", {}).get("S")
        self._read_at = asked_at
