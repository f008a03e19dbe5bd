"""The parts of a workspace that run: whether each lives, and how much memory it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import psutil

from tools.base import processes
from tools.emulator.configuration_agent import ConfigurationAgent
from tools.emulator.emulator import Emulator
from tools.emulator.payment_provider import PaymentProvider
from tools.emulator.side_process import SideProcess


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `processes` that live, and `memory` in bytes, what is shared counted once."""

    name: str
    processes: int
    memory: int
    is_expected: bool = True

    @property
    def has_ended(self) -> bool:
        """Whether it should run and does not."""
        return self.is_expected and not self.processes


def parts_of(emulator: Emulator) -> list[Part]:
    """All parts, those that have ended included."""
    own = emulator.pids
    commands = {pid: command for pid, _, command in processes.listing() if pid in own}
    hosts = {pid for pid, command in commands.items() if "function_host.py" in command}
    functions = {pid for pid, command in commands.items() if "_worker.py" in command}
    engine = {pid for pid, command in commands.items() if "engine.py" in command}
    return [
        _part("engine", engine),
        _part("function host", hosts),
        _part("functions", functions, is_expected=False),  # those that rest have no process
        *(
            _part(it.name, {it.process.pid} if it.process.is_running() else set())
            for it in beside(emulator)
        ),
    ]


@dataclass(frozen=True, slots=True)
class Beside:
    """A process beside the emulator, running or not, and how it is started."""

    name: str
    process: SideProcess
    start: Callable[[], None]


def beside(emulator: Emulator) -> list[Beside]:
    """All of them."""
    agent = ConfigurationAgent(emulator.workspace)
    return [
        *(
            Beside(
                f"payment provider {it.name}",
                it,
                partial(it.start, persistence=emulator.persistence),
            )
            for it in PaymentProvider.all_of(emulator.workspace)
        ),
        Beside("configuration agent", agent, partial(agent.start, emulator.endpoint)),
    ]


def total(parts: Iterable[Part]) -> int:
    """The memory of all of them, in bytes."""
    return sum(it.memory for it in parts)


def _part(name: str, pids: set[int], *, is_expected: bool = True) -> Part:
    return Part(name, len(pids), sum(map(_memory, pids)), is_expected)


def _memory(pid: int) -> int:
    """A process's own share: Linux divides shared pages among those who share them.

    Elsewhere only what a process has alone is counted.
    """
    try:
        held = psutil.Process(pid).memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(held, "pss", held.uss))
