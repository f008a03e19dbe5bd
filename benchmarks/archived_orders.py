"""An archive as Firehose writes it: gzip JSON lines, orders interleaved, the same for each size."""

import gzip
import json
import random
import uuid
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.probes.order_log import CONFIRMED, PLACED

OBJECT_BYTES = 16 * 1024 * 1024
"""Firehose's buffer, before compression."""
OPEN_ORDERS = 20_000
"""How many orders are between their first and their last event: these are far apart."""
SCHEMA = {"OrderPlaced": 1, "OrderConfirmed": 1, "OrderCancelled": 2}
CANCELLED = {"reason": "changed_mind", "cancelled_by": "customer"}


def archive(folder: Path, events: int) -> Path:
    """A folder with that many events, made once; two for each order."""
    made = folder / f"archive-{events}"
    if not (made / "complete").exists():
        made.mkdir(parents=True, exist_ok=True)
        size, lines, number = 0, [], 0
        for line in _lines(events):
            lines.append(line)
            size += len(line)
            if size > OBJECT_BYTES:
                _write(made, number, lines)
                size, lines, number = 0, [], number + 1
        _write(made, number, lines)
        (made / "complete").touch()
    return made


def _write(folder: Path, number: int, lines: list[bytes]) -> None:
    body = gzip.compress(b"".join(lines), compresslevel=6, mtime=0)
    (folder / f"{number:06d}.jsonl.gz").write_bytes(body)


def _lines(events: int) -> Iterator[bytes]:
    numbers = random.Random(events)
    open_orders: deque[str] = deque()
    placed = 0
    for number in range(events):
        left = events - number
        if placed * 2 < events and len(open_orders) < min(OPEN_ORDERS, left):
            order_id, version, kind = str(_id(numbers)), 1, "OrderPlaced"
            open_orders.append(order_id)
            placed += 1
        else:
            order_id, version = open_orders.popleft(), 2
            kind = "OrderConfirmed" if numbers.random() < 0.9 else "OrderCancelled"
        yield (
            json.dumps(_event(numbers, order_id, version, kind), separators=(",", ":")).encode()
            + b"\n"
        )


def _event(numbers: random.Random, order_id: str, version: int, kind: str) -> dict[str, Any]:
    data = {"OrderPlaced": PLACED, "OrderConfirmed": CONFIRMED, "OrderCancelled": CANCELLED}[kind]
    if kind == "OrderPlaced":
        data = {**data, "customer_id": str(_id(numbers))}
    return {
        "event_id": str(_id(numbers)),
        "type": kind,
        "schema_version": SCHEMA[kind],
        "aggregate_type": "order",
        "aggregate_id": order_id,
        "version": version,
        "occurred_at": f"2026-11-22T{numbers.randrange(24):02}:{numbers.randrange(60):02}:07.125Z",
        "correlation_id": str(_id(numbers)),
        "causation_id": str(_id(numbers)),
        "traceparent": f"00-{numbers.getrandbits(128):032x}-{numbers.getrandbits(64):016x}-01",
        "data": data,
    }


def _id(numbers: random.Random) -> uuid.UUID:
    return uuid.UUID(int=numbers.getrandbits(128), version=4)
