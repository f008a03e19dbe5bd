"""The parts of a workspace that run: whether each lives, and how much memory it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import psutil

from tools.base import outputs, processes
from tools.base.workspace import Workspace
from tools.emulator.configuration_agent import ConfigurationAgent
from tools.emulator.emulator import Emulator
from tools.emulator.payment_provider import PaymentProvider
from tools.emulator.pricing.system import PricingSystem
from tools.emulator.side_process import SideProcess
from tools.emulator.trace_receiver import TraceReceiver
from tools.local.faults import FaultProcess


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
        *_of_pricing(emulator.workspace),
    ]


def _of_pricing(workspace: Workspace) -> list[Part]:
    """Nothing, unless it was started; what gets no calls need not run."""
    pricing = PricingSystem(workspace)
    is_up, needed = has_pricing(workspace), pricing.needed()
    return [
        _part(f"pricing's {name}", pids, is_expected=is_up and name in needed)
        for name, pids in pricing.processes().items()
        if pids or (is_up and name in needed)
    ]


def has_pricing(workspace: Workspace) -> bool:
    """Whether what was brought up last had pricing with it."""
    if not workspace.outputs.exists():
        return False
    return "grpc" in outputs.read(workspace.outputs)["services"].get("pricing", {})


@dataclass(frozen=True, slots=True)
class Beside:
    """A process beside the emulator, running or not, and how it is started."""

    name: str
    process: SideProcess
    start: Callable[[], None]


def beside(emulator: Emulator) -> list[Beside]:
    """All of them."""
    agent = ConfigurationAgent(emulator.workspace)
    faults = FaultProcess(emulator.workspace)
    receiver = TraceReceiver(emulator.workspace)
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
        Beside("fault process", faults, faults.start),
        Beside("receiver of spans", receiver, receiver.start),
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
