"""Which part of the suite's time a change in one service selects, by the times that were recorded.

`make test` writes down how long each file of tests took. What a service's own files select is asked
of the same map as for a real difference, for each file alone and for all of them at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from stacks.services import declared
from tools.affected import services
from tools.affected.errors import NothingRecorded
from tools.affected.files import read
from tools.affected.imports import Imports
from tools.affected.knowledge import Knowledge
from tools.affected.tests import Suite

RECORDED = Path(".cache", "test-durations.json")
MOST = 0.25
AIM = 0.15
_CODE = ("containers/", "lambdas/", "resolvers/", "stacks/", "web/")


@dataclass(frozen=True)
class Share:
    """Parts of the suite's time that are selected by a file of a service, and by all of them.

    ``longest`` are the files of tests that weigh most among those, with their parts.
    """

    service: str
    files: int
    usual: float
    most: float
    everything: float
    longest: tuple[tuple[str, float], ...]


def recorded(checkout: Path) -> dict[str, float]:
    """Seconds by file of tests.

    Raises:
        NothingRecorded: no run has written them down, or not as this reads them.
    """
    try:
        kept = json.loads((checkout / RECORDED).read_text("utf-8"))
        return {path: float(seconds) for path, (_, seconds) in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise NothingRecorded(
            f"{RECORDED} cannot be read ({error}): `make test` writes how long each file of tests "
            "takes"
        ) from error


def shares(checkout: Path) -> tuple[list[Share], float, list[str]]:
    """Each service's, the greatest first; the suite's seconds; files of tests without a time.

    Raises:
        NothingRecorded: there are no times.
    """
    times = recorded(checkout)
    files = read(checkout, {})
    known = Knowledge(files, Imports(files), declared(checkout / "stacks"))
    suite = Suite(known)
    timed = {path: times[path] for path in suite.all if path in times}
    found = [_share(name, suite, known, timed) for name in known.own]
    untimed = [path for path in suite.all if path not in timed]
    return sorted(found, key=lambda it: -it.usual), sum(timed.values()), untimed


def _share(name: str, suite: Suite, known: Knowledge, times: Mapping[str, float]) -> Share:
    code = sorted(it for it in known.own[name] if it.startswith(_CODE))
    total = sum(times.values())

    def selected(paths: Iterable[str]) -> dict[str, float]:
        changed = frozenset(paths)
        tests = suite.affected(changed, services.affected(changed, known))
        return {it: times.get(it, 0.0) / total for it in tests}

    each = [sum(selected([path]).values()) for path in code]
    together = selected(code)
    longest = sorted(together.items(), key=lambda it: -it[1])[:3]
    return Share(name, len(code), median(each), max(each), sum(together.values()), tuple(longest))
