"""Many items of a table in few calls; what DynamoDB leaves unprocessed is asked for again."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Item = dict[str, Any]
Pause = Callable[[float], None]
BATCH_GET = 100
"""BatchGetItem's limit of keys."""
BATCH_WRITE = 25
"""BatchWriteItem's limit of writes."""
ROUNDS = 8
"""How often one batch is asked for, at the most."""
LONGEST_PAUSE = 0.8


class StillUnprocessed(Exception):
    """The table throttles: some of a batch was left out every time. Trying again later may help."""


def read_items(
    client: Any, table: str, keys: Sequence[Item], pause: Pause = time.sleep
) -> Iterator[Item]:
    """Those of these items that exist, strongly consistent, in no order.

    ``client`` is a botocore DynamoDB client; ``pause`` takes seconds.

    Raises:
        StillUnprocessed: some could not be read.
    """
    for start in range(0, len(keys), BATCH_GET):
        request: Item = {table: {"Keys": keys[start : start + BATCH_GET], "ConsistentRead": True}}
        for number in range(ROUNDS):
            answer = client.batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(table, [])
            request = answer.get("UnprocessedKeys") or {}
            if not request:
                break
            _wait(number, table, pause)


def write_items(client: Any, table: str, writes: Sequence[Item], pause: Pause = time.sleep) -> None:
    """Make these ``PutRequest`` and ``DeleteRequest`` writes, none of them conditional.

    Raises:
        StillUnprocessed: some could not be made.
    """
    for start in range(0, len(writes), BATCH_WRITE):
        request: Item = {table: writes[start : start + BATCH_WRITE]}
        for number in range(ROUNDS):
            answer = client.batch_write_item(RequestItems=request)
            request = answer.get("UnprocessedItems") or {}
            if not request:
                break
            _wait(number, table, pause)


def _wait(number: int, table: str, pause: Pause) -> None:
    if number == ROUNDS - 1:
        raise StillUnprocessed(f"{table} leaves a part of a batch unprocessed, {ROUNDS} times")
    pause(random.uniform(0, min(LONGEST_PAUSE, 0.02 * 2**number)))  # noqa: S311 - jitter
