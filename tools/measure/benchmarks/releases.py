"""Releases of pricing on a real Envoy: shares, how soon a fault is taken back, who notices it.

The whole system is deployed to an emulator of its own; the state machine leads each release, and
callers ask for quotes by REST at a rate. The first bad answer is the first failed attempt that
Envoy counts for the new version: a repetition may hide it from the caller.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from tools.base.target import Target, of_emulator
from tools.containers.environment import HOW, is_there
from tools.emulator.emulator import Emulator
from tools.emulator.pricing.system import PricingSystem
from tools.local.bring_up import bring_up
from tools.measure.benchmarks.claims import Limit, Result, absolute, at_most
from tools.release.callers import Callers
from tools.release.execution import Ended, Execution
from tools.release.offline import RATE, beside

LOOK_SECONDS = 0.02
PATIENCE = 180.0
SHARE = 10


class ReleaseWrong(Exception):
    """A release did not end as it should: there is nothing to measure."""


def measure(*, quick: bool) -> list[Result]:
    """Points of a percent, seconds, and percent of callers' calls."""
    if not is_there():
        raise ReleaseWrong(f"the tools for containers are not installed: {HOW}")
    calls, restarted = (1_000, 2_000) if quick else (10_000, 20_000)
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder)) as emulator:
        bring_up(emulator, Console(quiet=True), with_containers=True)
        system, target = PricingSystem(emulator.workspace), of_emulator(emulator.cloud)
        try:
            _until(lambda: any(system.envoy.traffic.healthy().values()))
            share = _share(system, calls)
            half = _release(system, target, "half", "errors=0.5")
            twentieth = _release(system, target, "twentieth", "errors=0.05")
            sound = _release(system, target, "sound", None)
            lost, asked = _restart(system, restarted)
        finally:
            system.kill()
    points = at_most(1) if calls >= 10_000 else at_most(3)
    return [
        absolute(f"of {calls:,} calls at 10 %, points beside it", [share], "points", points),
        *_rows("50 %", half, at_most(2, aim=0.8), at_most(1, aim=0.3)),
        *_rows("5 %", twentieth, at_most(10, aim=5), at_most(0.1, aim=0.02)),
        absolute("a sound release: callers' errors", [sound.failed], "calls", at_most(0)),
        absolute("... from its start until it has all calls", [sound.seconds], "s"),
        absolute(f"SIGTERM and restart under {asked:,} calls: lost", [lost], "calls", at_most(0)),
    ]


@dataclass
class Watched:
    """A release as it was seen from beside it; ``failed_share`` is in percent of callers' calls."""

    failed: int = 0
    calls: int = 0
    seconds: float = 0.0
    bad_for: float | None = None

    @property
    def failed_share(self) -> float:
        return 100 * self.failed / self.calls


@dataclass
class _Watch:
    """Looks at Envoy until it is over: when the first attempt failed, and when the share was 0."""

    system: PricingSystem
    slot: str
    over: threading.Event = field(default_factory=threading.Event)
    first_bad: float | None = None
    at_nothing: float | None = None

    @contextmanager
    def watching(self) -> Iterator["_Watch"]:
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.over.set()
            thread.join()

    def _look(self) -> None:
        traffic = self.system.envoy.traffic
        before = traffic.figures()[self.slot]
        while not self.over.is_set() and self.at_nothing is None:
            if self.first_bad is None:
                if traffic.figures()[self.slot].since(before).failed:
                    self.first_bad = time.monotonic()
            elif traffic.weights()[self.slot] == 0:
                self.at_nothing = time.monotonic()
            self.over.wait(LOOK_SECONDS)


def _share(system: PricingSystem, calls: int) -> float:
    """By how many points the second slot's part of the calls differs from its weight."""
    traffic = system.envoy.traffic
    with _second(system) as slot:
        traffic.shift(slot, SHARE)
        before = traffic.figures()
        with Callers(system.envoy.plain_url, 1000).calling() as callers:
            _until(lambda: callers.answers.total() >= calls, PATIENCE)
        since = {it: figures.since(before[it]).calls for it, figures in traffic.figures().items()}
        traffic.shift(slot, 0)
    return abs(100 * since[slot] / sum(since.values()) - SHARE)


def _release(system: PricingSystem, target: Target, version: str, fault: str | None) -> Watched:
    slot = system.envoy.traffic.idle()
    if slot is None:
        raise ReleaseWrong("a release is under way")
    begun = time.monotonic()
    with beside(system, version, fault) as callers, _Watch(system, slot).watching() as watch:
        *_, ended = Execution.begin(target, "pricing", version).follow(patience=PATIENCE)
        seconds = time.monotonic() - begun
    if not isinstance(ended, Ended) or ended.is_promoted is (fault is not None):
        raise ReleaseWrong(f"{version}: {ended}")
    bad_for = None
    if watch.first_bad is not None and watch.at_nothing is not None:
        bad_for = watch.at_nothing - watch.first_bad
    return Watched(callers.failed, callers.answers.total(), seconds, bad_for)


def _restart(system: PricingSystem, calls: int) -> tuple[int, int]:
    """Each server ends by SIGTERM while the other one has the calls, until so many were made."""
    traffic = system.envoy.traffic
    with Callers(system.envoy.plain_url, 400).calling() as callers:
        while callers.answers.total() < calls:
            with _second(system) as slot:
                traffic.shift(slot, 100)
                (before,) = (it for it in system.versions if it != slot)
                system.versions[before].stop()
                system.versions[before].wait_until_gone()
    return callers.failed, callers.answers.total()


@contextmanager
def _second(system: PricingSystem) -> Iterator[str]:
    """A healthy version in the slot without calls; who has none at the end is stopped."""
    traffic = system.envoy.traffic
    slot = traffic.idle()
    if slot is None:
        raise ReleaseWrong("a release is under way")
    system.versions[slot].start("second")
    _until(lambda: traffic.healthy()[slot])
    yield slot
    idle = traffic.idle()
    if idle is not None:
        system.versions[idle].stop()
        system.versions[idle].wait_until_gone()


def _rows(share: str, seen: Watched, soon: Limit, few: Limit) -> list[Result]:
    if seen.bad_for is None:
        raise ReleaseWrong(f"{share} failing: no failed call was seen, or its share never was 0")
    rate = f"{share} failing at {RATE} calls/s"
    return [
        absolute(f"{rate}: first bad answer to no calls", [seen.bad_for], "s", soon),
        absolute("... callers' errors", [seen.failed_share], "%", few, calls=seen.calls),
    ]


def _until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
