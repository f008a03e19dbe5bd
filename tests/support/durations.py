"""How long each file of tests took, as the runs of `make test` in this checkout had it.

`python -m tools.affected shares` says from it which part of the suite's time a change selects.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

FILE = Path(__file__).parents[2] / ".cache" / "test-durations.json"


class Report(Protocol):
    """What pytest says of one phase of one test."""

    nodeid: str
    when: str | None
    duration: float


def remember(reports: Iterable[Report], file: Path = FILE) -> None:
    """Keep each file's tests and seconds. A run with fewer of a file's tests changes nothing of it.

    A checkout that cannot be written, or a record that cannot be read, is no fault of the tests.
    """
    tests: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    for it in reports:
        path = it.nodeid.partition("::")[0]
        tests[path] += it.when == "call"
        seconds[path] += it.duration
    kept: dict[str, list[float]] = {}
    with suppress(OSError, ValueError):
        kept = json.loads(file.read_text("utf-8"))
    for path, count in tests.items():
        if count >= kept.get(path, [0])[0]:
            kept[path] = [count, round(seconds[path], 2)]
    with suppress(OSError):
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{json.dumps(kept, indent=0, sort_keys=True)}\n", "utf-8")
