"""``make simulate``: runs seeds, says what was violated, and which faults have happened."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TextIO, TypeVar

from tools.base.arguments import whole_number
from tools.base.errors import in_words
from tools.simulation import bugs
from tools.simulation.aws.functions import Library
from tools.simulation.dice import FAULTS
from tools.simulation.run import DAY, Options, Result, simulate
from tools.simulation.shrink import drawing, shrink
from tools.simulation.virtual import real_clock

Item = TypeVar("Item")
Done = TypeVar("Done")
ORDERS_A_DAY = 60
MOST_DAYS = 3653
WORTH_A_PROCESS = 10
"""So many seeds take longer than importing the code does, once more in each process."""
MANY = 100
"""From so many seeds on, a fault that never happened is a failure."""


def main(arguments: list[str] | None = None) -> int:
    """0 if every seed held, 1 if one did not."""
    asked = _arguments(arguments)
    if asked.bugs:
        return find_all(asked.bugs)
    options = Options()
    if asked.days:
        options = Options(orders=ORDERS_A_DAY * asked.days, busy_seconds=DAY * asked.days)
    if asked.client:
        options = replace(options, whole_client=asked.client == "whole")
    if asked.bug:
        return _show(asked.bug, options, asked.trace)
    first, last = _range(asked.seed or asked.seeds)
    faults: Counter[str] = Counter()
    failed: list[Result] = []
    orders = 0
    seconds = 0.0
    for result in _on_all_cores(partial(_one, options, asked.trace), range(first, last + 1)):
        faults += result.faults
        orders += result.orders
        seconds += result.processor_seconds
        if not result.holds:
            failed.append(result)
            _tell_of(result)
            if len(failed) >= asked.failures:
                break
    if asked.seed and failed:
        _make_small(failed[0].seed, _clean(), options)
    _summary(faults, orders, seconds, failed, last - first + 1)
    never = [fault for fault in FAULTS if not faults[fault]]
    if last - first + 1 >= MANY and never and not failed:
        print(f"never happened: {', '.join(never)}: a fault that never happens proves nothing")
        return 1
    return 1 if failed else 0


def _on_all_cores(do: Callable[[Item], Done], items: Sequence[Item]) -> Iterator[Done]:
    """What comes of each, in the order of the items; a few are not worth another process."""
    cores = os.cpu_count() or 1
    if cores == 1 or len(items) < WORTH_A_PROCESS * cores:
        yield from map(do, items)
        return
    with multiprocessing.Pool(cores) as pool:
        yield from pool.imap(do, items)


@cache
def _clean() -> Library:
    """Without a bug: one for each process of ours, since what was imported stays in it.

    Garbage is looked for less often than usual, since nearly all that a run makes is kept until its
    end. That saves a twentieth of the time.
    """
    gc.set_threshold(100_000, 20, 1000)
    return Library({})


def _make_small(seed: int, library: Library, options: Options) -> None:
    """Say how little it takes to fail, and draw it."""
    small, result = shrink(seed, library, options)
    faults = ", ".join(fault for _, fault in result.hits) or "no fault at all"
    print(f"It takes {small.orders} orders and {len(result.hits)} faults: {faults}")
    for what in result.violations[:3]:
        print(f"  {what}")
    print(drawing(seed, library, small))


def _show(name: str, options: Options, trace: str | None) -> int:
    """Plant a bug, and run seeds until one of them finds it."""
    try:
        bug = bugs.named(name)
    except bugs.NoSuchBug as unknown:
        raise SystemExit(str(unknown.args[0])) from unknown
    print(f"planted in {bug.file}: {bug.what}")
    library = Library(bug.plants)
    for seed in range(1, bug.within + 1):
        result = _traced(seed, library, options, trace)
        if not result.holds:
            _tell_of(result)
            _make_small(seed, library, options)
            print(f"found by seed {seed} of at most {bug.within}")
            return 1
    print(f"NOT FOUND within {bug.within} seeds")
    return 0


def find_all(names: str) -> int:
    """Plant each bug in turn; 0 if all are found within their seeds."""
    known = bugs.catalogue()
    try:
        wanted = known if names == "all" else {it: bugs.named(it) for it in names.split(",")}
    except bugs.NoSuchBug as unknown:
        raise SystemExit(str(unknown.args[0])) from unknown
    missed = []
    for name, (seed, seconds) in zip(wanted, found_all(wanted.values()), strict=True):
        if seed is None:
            missed.append(name)
        where = f"seed {seed:5}" if seed else "NOT FOUND "
        print(f"{where}  {seconds:6.1f} s  {name}: {wanted[name].what}", flush=True)
    print(f"{len(missed)} not found: {', '.join(missed)}" if missed else "all found")
    return 1 if missed else 0


def found_all(wanted: Iterable[bugs.Bug]) -> Iterator[tuple[int | None, float]]:
    """Of each bug the first seed that finds it, if one of its seeds does; and seconds of search."""
    return _on_all_cores(_search, list(wanted))


def _search(bug: bugs.Bug) -> tuple[int | None, float]:
    began = real_clock()
    return found_by(bug, _clean()), real_clock() - began


def found_by(bug: bugs.Bug, clean: Library) -> int | None:
    """The first seed that finds a bug, if one of its seeds does; ``clean`` has no bug."""
    library = Library(bug.plants, clean)
    seeds = range(1, bug.within + 1)
    return next((seed for seed in seeds if not simulate(seed, library).holds), None)


def _one(options: Options, trace: str | None, seed: int) -> Result:
    return _traced(seed, _clean(), options, trace)


def _traced(seed: int, library: Library, options: Options, trace: str | None) -> Result:
    if trace is None:
        return simulate(seed, library, options)
    with _written(trace) as file:
        return simulate(seed, library, options, file)


def _written(trace: str) -> TextIO:
    try:
        return Path(trace).open("w", encoding="utf-8")
    except OSError as error:
        raise SystemExit(f"the trace cannot be written: {in_words(error)}") from error


def _tell_of(result: Result) -> None:
    print(f"seed {result.seed} VIOLATES (make simulate SEED={result.seed} TRACE=trace.txt):")
    for what in result.violations[:12]:
        print(f"  {what}")


def _summary(
    faults: Counter[str], orders: int, seconds: float, failed: list[Result], seeds: int
) -> None:
    for fault, (_, meaning) in FAULTS.items():
        print(f"{faults[fault]:8}  {fault}: {meaning}")
    rate = orders / seconds if seconds else 0
    verdict = f"{len(failed)} violated" if failed else "all held"
    print(f"{seeds} seeds, {orders} orders, {rate:.1f} a second on one core: {verdict}")
    if failed:
        print("seeds that failed:", *(it.seed for it in failed))


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seed", help="one seed, such as 7")
    parser.add_argument("--seeds", default="1-20", help="a range, such as 1-200")
    parser.add_argument(
        "--days", type=whole_number(1, MOST_DAYS), help="virtual days, instead of minutes"
    )
    parser.add_argument("--bug", help="plant one of bugs.toml, and run until it is found")
    parser.add_argument("--bugs", help="plant each of these, or all, and say which seed finds it")
    parser.add_argument(
        "--client", choices=("whole", "shortcut"), help="for all seeds, not one in ten"
    )
    parser.add_argument("--trace", help="a file for everything that happens")
    parser.add_argument("--failures", type=int, default=5, help="stop after so many")
    return parser.parse_args(arguments)


def _range(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]+)(?:-([0-9]+))?", text)
    if found is None:
        raise SystemExit(f"seeds are numbers, such as 7 or 1-200, not {text!r}")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise SystemExit(f"seeds go from the lower to the higher, such as 1-200, not {text!r}")
    return first, last


def _with_fixed_hashes() -> None:
    """Sets of texts are read in another order in each process, unless it is told not to."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        again = [sys.executable, "-m", "tools.simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606


if __name__ == "__main__":
    _with_fixed_hashes()
    sys.exit(main())
