"""An archive as Firehose writes it: gzip JSON lines, journeys interleaved, always the same.

Two kinds: ``journeys`` holds what an order really leaves behind, seven records of which two are the
order's own events and five are integration events; ``orders`` holds orders' own events alone, so
that nothing is passed over.
"""

import gzip
import json
import random
import uuid
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from tools.measure.benchmarks.probes.order_log import CONFIRMED, PLACED

Kind = Literal["journeys", "orders"]
OBJECT_BYTES = 16 * 1024 * 1024
"""Firehose's buffer, before compression."""
OPEN_ORDERS = 5_000
"""How many orders are on their way at once: an order's events are far apart."""
SCHEMA = {"OrderPlaced": 1, "OrderConfirmed": 1, "OrderCancelled": 2}
CANCELLED = {"reason": "changed_mind", "cancelled_by": "customer"}
STEPS = (
    ("inventory", "StockReserved", {"lines": [{"sku": "MUG-BLUE", "quantity": 2}]}),
    ("payment", "PaymentAuthorized", {"amount": 8960, "currency": "EUR"}),
    ("shipment", "QuotesGathered", {"best": {"carrier": "pelican", "amount": 495}, "answered": 3}),
    ("shipment", "ShipmentBooked", {"carrier": "pelican", "tracking": "PEL-00000000"}),
    ("payment", "PaymentCaptured", {"amount": 8960, "currency": "EUR"}),
)
RECORDS = {"journeys": 2 + len(STEPS), "orders": 2}
"""Of an order, in its whole journey."""


def archive(folder: Path, events: int, kind: Kind) -> Path:
    """A folder with about that many events, made once; whole journeys only."""
    made = folder / f"archive-{kind}-of-{RECORDS[kind]}-{events}"
    if not (made / "complete").exists():
        made.mkdir(parents=True, exist_ok=True)
        size, lines, number = 0, [], 0
        for line in _lines(events // RECORDS[kind], kind):
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


def _lines(orders: int, kind: Kind) -> Iterator[bytes]:
    """Every order makes one step in its turn; a new one comes for each that has ended."""
    numbers = random.Random(orders)
    journeys = (_journey(numbers, kind) for _ in range(orders))
    under_way = deque(islice(journeys, OPEN_ORDERS))
    while under_way:
        journey = under_way.popleft()
        line = next(journey, None)
        if line is None:
            journey = next(journeys, iter(()))
            line = next(journey, None)
        if line is not None:
            yield line
            under_way.append(journey)


def _journey(numbers: random.Random, kind: Kind) -> Iterator[bytes]:
    order_id, journey = _id(numbers), _id(numbers)
    placed = {**PLACED, "customer_id": _id(numbers)}
    yield _line(numbers, journey, "OrderPlaced", "order", order_id, 1, placed)
    if kind == "journeys":
        for aggregate_type, type, data in STEPS:
            data = {"order_id": order_id, **data}
            yield _line(numbers, journey, type, aggregate_type, order_id, None, data)
    if numbers.random() < 0.9:
        yield _line(numbers, journey, "OrderConfirmed", "order", order_id, 2, CONFIRMED)
    else:
        yield _line(numbers, journey, "OrderCancelled", "order", order_id, 2, CANCELLED)


def _line(
    numbers: random.Random,
    journey: str,
    event_type: str,
    aggregate_type: str,
    aggregate_id: str,
    version: int | None,
    data: dict[str, Any],
) -> bytes:
    event = {
        "event_id": _id(numbers),
        "type": event_type,
        "schema_version": SCHEMA.get(event_type, 1),
        "aggregate_type": aggregate_type,
        "aggregate_id": aggregate_id,
        "version": version,
        "occurred_at": f"2026-11-22T{numbers.randrange(24):02}:{numbers.randrange(60):02}:07.125Z",
        "correlation_id": journey,
        "causation_id": _id(numbers),
        "traceparent": f"00-{numbers.getrandbits(128):032x}-{numbers.getrandbits(64):016x}-01",
        "data": data,
    }
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"


def _id(numbers: random.Random) -> str:
    return str(uuid.UUID(int=numbers.getrandbits(128), version=4))
