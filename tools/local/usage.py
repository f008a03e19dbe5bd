"""What a workspace's processes use: memory, handles and disk, and whether it grows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
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
AND_PROCESSES = 2.0
_HANDLES = ("handles of each", "", "handles", AND_HANDLES)
_PROCESSES = ("processes", "", "processes", AND_PROCESSES)
_LIMITED = (("memory of each", "MB", "megabytes", AND_MEGABYTES), _HANDLES, _PROCESSES)
LIMITS: Mapping[str, Sequence[tuple[str, str, str, float | None]]] = {
    # It keeps the tables, the log and the archive in memory.
    ENGINE: (("memory of each", "MB", "megabytes", None), _HANDLES, _PROCESSES),
    FUNCTIONS: _LIMITED,
    BESIDE: _LIMITED,
}
"""By kind of process: what is looked at, its unit, the field of ``Use``, and how much more than
MAY_GROW_BY it may be; None is no limit."""
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
    length = samples[-1].at if samples else 0.0
    early = [it for it in samples if WARM_UP <= it.at / length < WARM_UP + WINDOW]
    late = [it for it in samples if it.at / length >= 1 - WINDOW]
    if not early or not late:
        raise TooShort
    orders = round(_typical(it.orders for it in late) - _typical(it.orders for it in early))

    def growth(what: str, unit: str, used: Callable[[Sample], float], more: float | None) -> Growth:
        before, after = (_typical(map(used, some)) for some in (early, late))
        may_be = None if more is None else before * MAY_GROW_BY + more
        return Growth(what, unit, before, after, may_be, orders)

    found = [
        growth(f"{what}: {kind}", unit, partial(_used, kind, name), more)
        for kind in (ENGINE, FUNCTIONS, BESIDE)
        for what, unit, name, more in LIMITS[kind]
    ]
    return [*found, growth("disk", "MB", lambda it: it.disk, None)]


def _used(kind: str, name: str, at: Sample) -> float:
    number: float = getattr(at.uses[kind], name)
    return number


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
