"""A failure made small: fewer orders, fewer kinds of faults, fewer faults, drawn as a sequence."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from tools.simulation.aws.functions import Library
from tools.simulation.dice import FAULTS
from tools.simulation.run import Options, Result, simulate

TRIES = 60
"""Runs that shrinking may take."""
LONGEST = 80
"""Arrows of a drawing; those in the middle are left out."""
_LINE = re.compile(r" *(?P<time>[\d.]+) (?P<who>\S+) (?P<what>.*)")
_ORDER = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_NOT_HERE = re.compile(r"[^A-Za-z0-9_ .,:'#-]")


def shrink(seed: int, library: Library, options: Options) -> tuple[Options, Result]:
    """Options under which the seed still fails, with as little as was found; and what came of it.

    Options that name no way through the client keep the seed's own.
    """
    smallest = options
    result = simulate(seed, library, options)
    smallest = replace(smallest, whole_client=result.whole_client)
    left = TRIES

    def still_fails(candidate: Options) -> bool:
        nonlocal left, result, smallest
        if left <= 0:
            return False
        left -= 1
        found = simulate(seed, library, candidate)
        if found.holds:
            return False
        smallest, result = candidate, found
        return True

    _fewer_orders(lambda: smallest, still_fails)
    _fewer_kinds(lambda: smallest, lambda: result, still_fails)
    _fewer_faults(lambda: smallest, lambda: result, still_fails)
    return smallest, result


Smallest = Callable[[], Options]
StillFails = Callable[[Options], bool]


def _fewer_orders(smallest: Smallest, still_fails: StillFails) -> None:
    for orders in (1, 2, 3):
        if orders < smallest().orders and still_fails(replace(smallest(), orders=orders)):
            return


def _fewer_kinds(smallest: Smallest, result: Callable[[], Result], still_fails: StillFails) -> None:
    happened = frozenset(result().faults) & frozenset(FAULTS)
    still_fails(replace(smallest(), kinds=happened))
    for kind in sorted(happened):
        if kind in smallest().kinds:
            still_fails(replace(smallest(), kinds=smallest().kinds - {kind}))


def _fewer_faults(
    smallest: Smallest, result: Callable[[], Result], still_fails: StillFails
) -> None:
    size = max(1, len(result().hits) // 2)
    while size:
        numbers = [number for number, _ in result().hits]
        for start in range(0, len(numbers), size):
            skipped = smallest().skipped | frozenset(numbers[start : start + size])
            still_fails(replace(smallest(), skipped=skipped))
        size //= 2


def drawing(seed: int, library: Library, options: Options) -> str:
    """The run as a Mermaid sequence, as far as the violations' first order is concerned."""
    trace = io.StringIO()
    result = simulate(seed, library, options, trace)
    named = next((match[0] for it in result.violations if (match := _ORDER.search(it))), None)
    arrows = list(_once_in_a_row(_arrows(trace.getvalue(), named)))
    if len(arrows) > LONGEST:
        half = LONGEST // 2
        arrows = [*arrows[:half], "    Note over AWS: ...", *arrows[-half:]]
    return "\n".join(["sequenceDiagram", *arrows])


def _once_in_a_row(arrows: Iterator[str]) -> Iterator[str]:
    """Who looks again and again is drawn once."""
    before = ""
    for arrow in arrows:
        what = re.sub(r": [\d.]+ ", " ", arrow)
        if what != before:
            yield arrow
        before = what


def _arrows(trace: str, order_id: str | None) -> Iterator[str]:
    for line in trace.splitlines():
        match = _LINE.fullmatch(line)
        if match is None or " log " in line:
            continue
        what = match["what"]
        is_fault = any(word in what for word in ("FAULT", "KILLED", "FROZEN", "TIMED", "goes on"))
        if not is_fault and order_id is not None and order_id not in line:
            continue
        if match["who"] == "VIOLATION":
            yield f"    Note over AWS: {match['time']} {_short(what)}"
            continue
        who = match["who"].partition("/")[0].replace(order_id or "-", "saga").replace("-", "_")
        yield f"    {who or 'nobody'}->>AWS: {match['time']} {_short(what)}"


def _short(what: str) -> str:
    operation, _, answer = what.partition(" => ")
    words = operation.partition(" {")[0]
    refused = answer if answer and not answer.startswith("{") else ""
    return _NOT_HERE.sub("", f"{words} {refused}")[:100].strip()
