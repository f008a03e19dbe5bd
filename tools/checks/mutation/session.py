"""Runs mutants: each in a process of its own, against the tests that call what it changes.

All tests are collected once. A first run notes which functions each test calls and how long it
takes; then a mutant costs a fork, its function's code, and tests until the first one fails.
"""

from __future__ import annotations

import gc
import importlib
import json
import math
import os
import resource
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

from tools.checks.mutation.mutants import Mutant, code_of, defaults_of

BUDGET_SECONDS = 6.0
"""Of tests for one mutant, as long as they took without it; the quickest come first."""
CPU_SECONDS = 12
"""A mutant that takes longer does not come to an end: that is noticed, too."""
WALL_SECONDS = 120
NOT_MADE = 70
"""How the process of a mutant ends that could not be made: that says nothing of the tests."""
KILLED, SURVIVED, UNTESTED = "killed", "survived", "untested"
Verdicts = dict[str, str]


class MutationSession:
    """A pytest plugin: instead of running the tests, it runs them for every mutant."""

    def __init__(
        self, root: Path, mutants: Sequence[Mutant], cpu_seconds: int = CPU_SECONDS
    ) -> None:
        self._root = root
        self._cpu_seconds = cpu_seconds
        self._mutants = mutants
        self.verdicts: Verdicts = {}
        self.seconds = 0.0

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self) -> None:
        """The same examples for every mutant, and none remembered."""
        from hypothesis import settings  # not before pytest has prepared its import

        settings.register_profile("mutation", derandomize=True, database=None, deadline=None)
        settings.load_profile("mutation")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """All of it."""
        calls = self._first_run(session)
        began = time.monotonic()
        gc.freeze()  # what was collected stays where it is: forks share it
        for number, mutant in enumerate(self._mutants, 1):
            self.verdicts[mutant.name] = self._verdict(session, mutant, calls)
            if number % 50 == 0 or number == len(self._mutants):
                killed = sum(1 for it in self.verdicts.values() if it == KILLED)
                _say(f"{number} of {len(self._mutants)}: {killed} killed")
        self.seconds = time.monotonic() - began
        return True

    def _first_run(self, session: pytest.Session) -> dict[str, list[tuple[float, int]]]:
        """By function, the tests that call it, the quickest first."""
        files = {self._file(mutant): mutant.module for mutant in self._mutants}
        _say(f"a first run of {len(session.items)} tests")
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            found = [_run_and_watch(session, number, files) for number in range(len(session.items))]
            with os.fdopen(writer, "w") as out:
                json.dump(found, out)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as out:
            text = out.read()
        os.waitpid(child, 0)
        calls: dict[str, list[tuple[float, int]]] = defaultdict(list)
        for number, (seconds, passed, functions) in enumerate(json.loads(text)):
            if not passed:
                raise pytest.UsageError(
                    f"it fails without a mutant: {session.items[number].nodeid}"
                )
            for function in functions:
                calls[function].append((seconds, number))
        return {function: sorted(tests) for function, tests in calls.items()}

    def _verdict(
        self, session: pytest.Session, mutant: Mutant, calls: dict[str, list[tuple[float, int]]]
    ) -> str:
        tests = calls.get(f"{mutant.module}:{mutant.function}", [])
        if not tests:
            return UNTESTED
        child = os.fork()
        if child == 0:
            chosen, seconds = _within_budget(tests)
            _limit(min(self._cpu_seconds, math.ceil(3 + 4 * seconds)))
            _swap_or_exit(mutant, self._file(mutant))
            _run(session, chosen, lambda: os._exit(1))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == NOT_MADE:
            raise RuntimeError(f"the mutant cannot be made: {mutant.name}")
        return SURVIVED if status == 0 else KILLED

    def _file(self, mutant: Mutant) -> str:
        return str(self._root / mutant.module)


def _within_budget(tests: Iterable[tuple[float, int]]) -> tuple[list[int], float]:
    """The tests that are run, and how many seconds they took without a mutant."""
    chosen: list[int] = []
    spent = 0.0
    for seconds, number in tests:
        if chosen and spent + seconds > BUDGET_SECONDS:
            break
        spent += seconds
        chosen.append(number)
    return chosen, spent


def _limit(cpu_seconds: int) -> None:
    """End this process if it does not end by itself."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(WALL_SECONDS)


def _swap_or_exit(mutant: Mutant, filename: str) -> None:
    try:
        _swap(mutant, filename)
    except Exception as error:
        _say(f"{mutant.name}: {error}")
        os._exit(NOT_MADE)


def _swap(mutant: Mutant, filename: str) -> None:
    """Give the function that everybody holds the mutant's code."""
    found: Any = importlib.import_module(mutant.module.removesuffix(".py").replace("/", "."))
    for name in mutant.function.split("."):
        found = vars(found)[name]
    function = _unwrapped(found)
    function.__code__ = code_of(mutant, filename)
    defaults, of_keywords = defaults_of(mutant, function.__globals__)
    function.__defaults__, function.__kwdefaults__ = defaults, of_keywords


def _unwrapped(found: Any) -> FunctionType:
    while not isinstance(found, FunctionType) or hasattr(found, "__wrapped__"):
        if isinstance(found, property):
            found = found.fget
        elif isinstance(found, classmethod | staticmethod):
            found = found.__func__
        elif isinstance(found, cached_property):
            found = found.func
        else:
            found = found.__wrapped__
    return found


def _run(session: pytest.Session, numbers: Sequence[int], failed: Callable[[], object]) -> None:
    """Run these tests in this process, and call ``failed`` for each that fails."""

    class Watch:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                failed()

    manager = session.config.pluginmanager
    if reporter := manager.get_plugin("terminalreporter"):
        manager.unregister(reporter)
    manager.register(Watch())
    items = [session.items[number] for number in numbers]
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _run_and_watch(
    session: pytest.Session, number: int, files: dict[str, str]
) -> tuple[float, bool, list[str]]:
    """A test's seconds, whether it passed, and the functions in these files that it called."""
    called: set[str] = set()
    failures: list[None] = []

    def note(frame: FrameType, event: str, _arg: object) -> None:
        code: CodeType = frame.f_code
        if event == "call" and code.co_filename in files:
            outermost = code.co_qualname.partition(".<locals>")[0]
            called.add(f"{files[code.co_filename]}:{outermost}")

    began = time.process_time()
    threading.settrace(note)
    sys.settrace(note)
    try:
        _run(session, [number], lambda: failures.append(None))
    finally:
        sys.settrace(None)
        threading.settrace(None)
    return time.process_time() - began, not failures, sorted(called)


def _say(text: str) -> None:
    print(text, file=sys.__stderr__, flush=True)
