"""New images from a table's stream; one that cannot be read is parked and stops nobody."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from shared.messaging.bus import Park
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope

PARKED_BY = "announcer"
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
            dead_letters.park(keys, f"unreadable item: {type(broken).__name__}", PARKED_BY)
    return images


def unsendable(dead_letters: DeadLetters) -> Park:
    """Parks the name of a message that the bus will never take; its item stays in its table."""

    def park(message: Envelope, reason: str) -> None:
        name = {"type": message.type, "aggregate_id": message.aggregate_id}
        dead_letters.park(json.dumps(name), f"cannot be sent: {reason}", PARKED_BY)

    return park
