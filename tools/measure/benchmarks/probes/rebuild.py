"""Rebuilds the order view from an archive in a folder, or only reads and parses the same objects.

Arguments: ``ours`` or ``peer``, the folder, and whether ``ours`` folds through the view's own
projector. A table that keeps nothing stands in for DynamoDB: its writes are not measured.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from answer import answer_with

from order_views.handlers.projection import fold
from orders_language.schemas import ORDER, ORDER_EVENTS
from shared.messaging.envelope import decode
from shared.read_models.archive import salvaged
from shared.read_models.partitions import by_aggregate, split
from shared.read_models.projector import Change, Checkpoint, Projector
from shared.read_models.rebuild import PARTITION_BYTES, TASK_BYTES, fold_aggregates


class KeepsNothing:
    """Stands where the view's table stands."""

    def __init__(self) -> None:
        self.saved = 0

    def load(self, ids: Sequence[str]) -> Mapping[str, Checkpoint[Any]]:
        raise AssertionError(f"{len(ids)} orders do not begin with their first event")

    def save(self, change: Change[Any]) -> bool:
        assert change.parked is None
        self.saved += 1
        return True

    def insert(self, changes: Sequence[Change[Any]]) -> set[str]:
        return {change.aggregate_id for change in changes if self.save(change)}

    def park(self, parked: Any) -> None:
        raise AssertionError(parked.reason)


def lines(objects: Sequence[Path]) -> Iterator[bytes]:
    for found in objects:
        yield from salvaged(found.read_bytes())[0]


def tasks(objects: Sequence[Path]) -> Iterator[list[Path]]:
    """As a plan divides them."""
    task: list[Path] = []
    for found in objects:
        if task and sum(it.stat().st_size for it in (*task, found)) > TASK_BYTES:
            yield task
            task = []
        task.append(found)
    yield task


def rebuild(objects: Sequence[Path], scratch: Path) -> tuple[int, int, float]:
    """Orders and events; and the seconds that dividing took."""
    partitions = max(1, -(-sum(it.stat().st_size for it in objects) // PARTITION_BYTES))
    begun = time.process_time()
    for task, some in enumerate(tasks(objects)):

        def write(partition: int, number: int, body: bytes, task: int = task) -> None:
            (scratch / f"{partition:06d}-{task:06d}-{number:06d}").write_bytes(body)

        split(ORDER, lines(some), partitions, write)
    divided = time.process_time() - begun
    table = KeepsNothing()
    projector = Projector(
        ORDER_EVENTS, table, fold, lambda order_id, _after: _no_gap(order_id), writers=1
    )
    events = 0
    for partition in range(partitions):
        parts = sorted(scratch.glob(f"{partition:06d}-*"))
        events += fold_aggregates(by_aggregate(part.read_bytes() for part in parts), projector)[1]
    return table.saved, events, divided


def _no_gap(order_id: str) -> Any:
    raise AssertionError(f"{order_id} has a gap")


def parse(objects: Sequence[Path]) -> int:
    """What nobody can do without."""
    events = 0
    for line in lines(objects):
        decode(line)
        events += 1
    return events


def measure(arguments: list[str]) -> dict[str, Any]:
    side, folder = arguments[0], Path(arguments[1])
    objects = sorted(folder.glob("*.gz"))
    orders, divided = 0, 0.0
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        begun = time.process_time()
        if side == "ours":
            orders, events, divided = rebuild(objects, Path(scratch))
        else:
            events = parse(objects)
        seconds = time.process_time() - begun
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "events": events,
        "orders": orders,
        "seconds": seconds,
        "divided": divided,
        "megabytes": megabytes * (1 / 1024 if sys.platform == "darwin" else 1),
    }


if __name__ == "__main__":
    answer_with(measure)
