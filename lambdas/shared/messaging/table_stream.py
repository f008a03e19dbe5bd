"""New images from a table's stream, where one that cannot be read stops nobody."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeVar

import msgspec

ReadT = TypeVar("ReadT")


def read_images(
    event: Mapping[str, Any],
    kind: Literal["INSERT", "MODIFY"],
    read: Callable[[dict[str, Any]], ReadT],
    tell: Callable[[dict[str, Any], Exception], None],
) -> Iterator[ReadT]:
    """What ``read`` makes of the images of one kind.

    An item that it cannot read was put there by hand. It would hold up all that come after it for
    a day, and then be lost: ``tell`` gets its keys and the error instead, and the item stays in its
    table.
    """
    for record in event["Records"]:
        if record["eventName"] != kind:
            continue
        try:
            image = read(record["dynamodb"]["NewImage"])
        except (KeyError, TypeError, ValueError, RecursionError, msgspec.DecodeError) as broken:
            tell(record["dynamodb"].get("Keys", {}), broken)
        else:
            yield image
