"""New images from a table's stream; one that cannot be read is parked and stops nobody."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from shared.parking import DeadLetters

ReadT = TypeVar("ReadT")


def read_images(
    event: Mapping[str, Any],
    kind: str,
    read: Callable[[dict[str, Any]], ReadT],
    dead_letters: DeadLetters,
) -> list[ReadT]:
    """What ``read`` makes of the images of one kind, ``INSERT`` or ``MODIFY``.

    Without parking, a single broken item would hold up all that come after it for a day, and then
    be lost. What is parked names the item by its keys; the item itself stays in its table.
    """
    images = []
    for record in event["Records"]:
        if record["eventName"] != kind:
            continue
        try:
            images.append(read(record["dynamodb"]["NewImage"]))
        except (KeyError, TypeError, ValueError, msgspec.DecodeError) as broken:
            keys = msgspec.json.encode(record["dynamodb"]["Keys"]).decode()
            dead_letters.park(keys, f"unreadable item: {type(broken).__name__}", "announcer")
    return images
