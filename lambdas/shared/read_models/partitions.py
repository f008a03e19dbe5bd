"""Groups the archive by aggregate without holding it: events go to partitions, each read alone.

All events of an aggregate are in one partition. Each line of a partition begins with the
aggregate's id.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from shared.messaging.log_records import Unreadable, read_envelope
from shared.runtime.patterns import UUID

ID_LENGTH = 36
HELD_BYTES = 16 * 1024 * 1024
"""What a splitter holds before it writes: its memory does not grow with what it reads."""
_EVENT_ID, _TYPE = b'{"event_id":"', b'","type":"'
_AFTER_ID = len(_EVENT_ID) + ID_LENGTH
_AGGREGATE = b'"aggregate_type":"'
_ID = b'","aggregate_id":"'
_UUID = re.compile(UUID.encode())
_VERSION = b'","version":'
_NEAR = 300
"""Our encoder writes type, aggregate and version in this order, and all of it near the beginning;
what does not look so is parsed."""
Write = Callable[[int, int, bytes], None]
Note = Callable[[bytes, str], None]


@dataclass(slots=True)
class Split:
    """What became of the lines: events, others that concern no read model, damaged ones."""

    events: int = 0
    passed_over: int = 0
    unreadable: int = 0


def partition_of(aggregate_id: bytes, partitions: int) -> int:
    """Where an aggregate's events go."""
    return zlib.crc32(aggregate_id) % partitions


def split(
    aggregate_type: str,
    lines: Iterable[bytes],
    partitions: int,
    write: Write,
    note: Note = lambda _line, _reason: None,
) -> Split:
    """Divide the events of one type of aggregate among partitions.

    ``write(partition, number, lines)`` keeps a part of each.

    ``note(line, reason)`` hears of each line that cannot be read.
    """
    result = Split()
    expected = aggregate_type.encode() + _ID
    parts: list[list[bytes]] = [[] for _ in range(partitions)]
    held = number = 0
    for line in lines:
        aggregate_id = _aggregate_of(line, expected)
        if aggregate_id is None:
            try:
                aggregate_id = _parsed(line, aggregate_type)
            except Unreadable as unreadable:
                result.unreadable += 1
                note(line, str(unreadable))
                continue
        if not aggregate_id:
            result.passed_over += 1
            continue
        result.events += 1
        part = parts[partition_of(aggregate_id, partitions)]
        part.append(aggregate_id)
        part.append(line)
        part.append(b"\n")
        held += len(line) + 37
        if held > HELD_BYTES:
            _flush(parts, number, write)
            held, number = 0, number + 1
    _flush(parts, number, write)
    return result


def by_aggregate(parts: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A partition's aggregates, each with its events as archived: in any order, repeated."""
    found: dict[bytes, list[bytes]] = {}
    for part in parts:
        for line in part.split(b"\n"):
            if line:
                found.setdefault(line[:ID_LENGTH], []).append(line[ID_LENGTH:])
    for aggregate_id, events in found.items():
        yield aggregate_id.decode(), events


def _aggregate_of(line: bytes, expected: bytes) -> bytes | None:
    """Whose event it is, empty if it is of no such aggregate; None if a look cannot tell."""
    if not line.startswith(_EVENT_ID) or not line.startswith(_TYPE, _AFTER_ID):
        return None
    found = line.find(_AGGREGATE, _AFTER_ID, _NEAR)
    if found < 0 or line.find(b"{", _AFTER_ID, found) >= 0:  # it may be in data, which comes last
        return None
    begin = found + len(_AGGREGATE)
    if not line.startswith(expected, begin):
        return b""
    begin += len(expected)
    end = begin + ID_LENGTH
    if not _UUID.fullmatch(line, begin, end):
        return None
    if not line.startswith(_VERSION, end):
        return None
    version = line[end + len(_VERSION) : end + len(_VERSION) + 1]
    if version == b"n":
        return b""
    return line[begin:end] if version.isdigit() else None


def _parsed(line: bytes, aggregate_type: str) -> bytes:
    """Whose event it is, empty if it is of no such aggregate. Raises Unreadable."""
    event = read_envelope(line)
    if event.aggregate_type != aggregate_type or event.version is None:
        return b""
    return event.aggregate_id.encode()


def _flush(parts: list[list[bytes]], number: int, write: Write) -> None:
    for partition, lines in enumerate(parts):
        if lines:
            write(partition, number, b"".join(lines))
            lines.clear()
