"""Groups the archive by order without holding it: events go to partitions, each read by itself.

All events of an order are in one partition. Each line of a partition begins with the order's id.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from shared.log_records import Unreadable, read_envelope

ID_LENGTH = 36
HELD_BYTES = 16 * 1024 * 1024
"""What a splitter holds before it writes: its memory does not grow with what it reads."""
_written_by_us = re.compile(
    rb'\{"event_id":"[^"\\]*","type":"[^"\\]*","schema_version":\d+,'
    rb'"aggregate_type":"([^"\\]*)","aggregate_id":"([^"\\]*)","version":(\d+|null),'
).match
"""How our encoder begins an envelope; whatever begins otherwise is parsed."""
Write = Callable[[int, int, bytes], None]


@dataclass(slots=True)
class Split:
    """What became of the lines: orders' events, others that concern no read model, damaged ones."""

    events: int = 0
    passed_over: int = 0
    unreadable: int = 0


def partition_of(order_id: bytes, partitions: int) -> int:
    """Where an order's events go."""
    return zlib.crc32(order_id) % partitions


def split(lines: Iterable[bytes], partitions: int, write: Write) -> Split:
    """Divide lines of the archive; ``write(partition, number, lines)`` keeps a part of each."""
    result = Split()
    parts: list[list[bytes]] = [[] for _ in range(partitions)]
    held = number = 0
    for line in lines:
        matched = _written_by_us(line)
        if matched:
            aggregate_type, order_id, version = matched.groups()
            is_order_event = aggregate_type == b"order" and version != b"null"
            is_readable = not is_order_event or len(order_id) == ID_LENGTH
        else:
            is_readable, is_order_event, order_id = _parsed(line)
        if not is_readable:
            result.unreadable += 1
            continue
        if not is_order_event:
            result.passed_over += 1
            continue
        result.events += 1
        part = parts[partition_of(order_id, partitions)]
        part.append(order_id)
        part.append(line)
        part.append(b"\n")
        held += len(line) + 37
        if held > HELD_BYTES:
            _flush(parts, number, write)
            held, number = 0, number + 1
    _flush(parts, number, write)
    return result


def by_order(parts: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A partition's orders, each with its events as they were archived: in any order, repeated."""
    orders: dict[bytes, list[bytes]] = {}
    for part in parts:
        for line in part.split(b"\n"):
            if line:
                orders.setdefault(line[:ID_LENGTH], []).append(line[ID_LENGTH:])
    for order_id, events in orders.items():
        yield order_id.decode(), events


def _parsed(line: bytes) -> tuple[bool, bool, bytes]:
    """Whether it can be read, whether it is an order's event, and which order's."""
    try:
        event = read_envelope(line)
    except Unreadable:
        return False, False, b""
    is_order_event = event.aggregate_type == "order" and event.version is not None
    return True, is_order_event, event.aggregate_id.encode()


def _flush(parts: list[list[bytes]], number: int, write: Write) -> None:
    for partition, lines in enumerate(parts):
        if lines:
            write(partition, number, b"".join(lines))
            lines.clear()
