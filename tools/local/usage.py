"""What a workspace's processes use: memory, handles and disk, and whether it grows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from tools.base.processes import of_workspace

ENGINE, FUNCTIONS, BESIDE = "engine", "functions", "beside"
"""The emulator, whose memory is all the tables; the functions' processes; what runs beside it."""
MEGABYTE = 1024 * 1024
MAY_GROW_BY = 1.15
"""Of the memory of one process, after the warm-up: less is the allocator's own unrest."""
AND_MEGABYTES = 4.0
AND_HANDLES = 6.0
WARM_UP, WINDOW = 0.25, 0.25
"""Shares of a run: its first quarter is not looked at, the second is compared with the last."""


@dataclass(frozen=True, slots=True)
class Use:
    """Of one kind of process: how many there are, and on average of each, MB and open handles."""

    processes: int
    megabytes: float
    handles: float


@dataclass(frozen=True, slots=True)
class Sample:
    """``at`` in seconds since the beginning, ``orders`` placed by then, ``disk`` in MB."""

    at: float
    orders: int
    uses: Mapping[str, Use]
    disk: float


@dataclass(frozen=True, slots=True)
class Growth:
    """What was used in the second quarter of a run, and in its last; ``may_be`` is the limit.

    What has no limit grows with what it keeps, and ``an_order`` says by how much: in ``unit``.
    """

    what: str
    unit: str
    early: float
    late: float
    may_be: float | None
    orders: int

    @property
    def holds(self) -> bool:
        """Whether it is within its limit, if it has one."""
        return self.may_be is None or self.late <= self.may_be

    @property
    def an_order(self) -> float:
        """How much it grew for each order between."""
        return (self.late - self.early) / self.orders if self.orders else 0.0


class TooShort(Exception):
    """There are too few samples to compare."""


def sample(workspace: Path, at: float, orders: int) -> Sample:
    """What is used now. A process that ends meanwhile is left out."""
    found: dict[str, list[tuple[float, int]]] = {ENGINE: [], FUNCTIONS: [], BESIDE: []}
    for pid in of_workspace(workspace, None):
        try:
            process = psutil.Process(pid)
            kind = _kind_of(process.cmdline())
            found[kind].append((process.memory_info().rss / MEGABYTE, process.num_fds()))
        except psutil.Error:
            continue
    uses = {kind: _averaged(each) for kind, each in found.items()}
    return Sample(at, orders, uses, _megabytes_in(workspace))


def growths(samples: Sequence[Sample]) -> list[Growth]:
    """Memory and handles of each kind of process, how many there are, and the disk.

    Raises:
        TooShort: a quarter has no sample.
    """
    if not samples:
        raise TooShort
    length = samples[-1].at
    early = [it for it in samples if WARM_UP <= it.at / length < WARM_UP + WINDOW]
    late = [it for it in samples if it.at / length >= 1 - WINDOW]
    if length == 0 or not early or not late:
        raise TooShort
    orders = round(_typical(it.orders for it in late) - _typical(it.orders for it in early))
    found = []
    for kind in (ENGINE, FUNCTIONS, BESIDE):
        before, after = ([it.uses[kind] for it in some] for some in (early, late))
        megabytes = [_typical(it.megabytes for it in some) for some in (before, after)]
        handles = [_typical(it.handles for it in some) for some in (before, after)]
        processes = [_typical(it.processes for it in some) for some in (before, after)]
        # The engine keeps the tables, the log and the archive in memory.
        memory = None if kind == ENGINE else megabytes[0] * MAY_GROW_BY + AND_MEGABYTES
        found += [
            Growth(f"memory of each: {kind}", "MB", megabytes[0], megabytes[1], memory, orders),
            Growth(
                f"handles of each: {kind}",
                "",
                handles[0],
                handles[1],
                handles[0] * MAY_GROW_BY + AND_HANDLES,
                orders,
            ),
            Growth(
                f"processes: {kind}",
                "",
                processes[0],
                processes[1],
                processes[0] * MAY_GROW_BY + 2,
                orders,
            ),
        ]
    disk = [_typical(it.disk for it in some) for some in (early, late)]
    return [*found, Growth("disk", "MB", disk[0], disk[1], None, orders)]


def _kind_of(command: Sequence[str]) -> str:
    if any(part.endswith("engine.py") for part in command):
        return ENGINE
    return FUNCTIONS if any(part.endswith("_worker.py") for part in command) else BESIDE


def _averaged(found: Sequence[tuple[float, int]]) -> Use:
    count = len(found)
    if not count:
        return Use(0, 0.0, 0.0)
    return Use(count, sum(it for it, _ in found) / count, sum(it for _, it in found) / count)


def _typical(numbers: Iterable[float]) -> float:
    return float(median(numbers))


def _megabytes_in(folder: Path) -> float:
    total = 0
    for within, _, files in os.walk(folder):
        for file in files:
            try:
                total += (Path(within) / file).lstat().st_blocks * 512
            except OSError:  # gone meanwhile
                continue
    return total / MEGABYTE
