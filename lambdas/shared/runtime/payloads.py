"""How large an event may be on its way, and what a function is asked or answers.

Lambda passes on 6 MB (Lambda quotas).
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
MAX_EVENT_BYTES = 256 * 1024 - 1024
"""The largest serialized envelope: the smallest hop is one EventBridge entry (256 KB, of which
source, detail type and time take a little; EventBridge quotas, "PutEvents entry size")."""
MOST_BYTES = 4 * 1024 * 1024
"""Of JSON, with room for what stands around a list, and for an item that is the last to fit."""


def take_within(
    items: Iterable[T], most: int, most_bytes: int = MOST_BYTES
) -> tuple[list[T], bool]:
    """The first items that fit, one at least, and whether there may be more.

    An item's size is that of its JSON; ``most`` is how many to take at most.
    """
    taken: list[T] = []
    size = 0
    for item in items:
        size += len(msgspec.json.encode(item)) + 1
        if taken and size > most_bytes:
            return taken, True
        taken.append(item)
        if len(taken) == most:
            return taken, True
    return taken, False


def portions(items: Iterable[T], most: int, most_bytes: int = MOST_BYTES) -> Iterator[list[T]]:
    """The items in lists of which each fits into one request."""
    portion: list[Any] = []
    size = 0
    for item in items:
        weight = len(msgspec.json.encode(item)) + 1
        if portion and (len(portion) == most or size + weight > most_bytes):
            yield portion
            portion, size = [], 0
        portion.append(item)
        size += weight
    if portion:
        yield portion
