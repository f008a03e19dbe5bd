"""Two versions behind one Envoy: whoever runs the processes has started the new one.

It is in the slot that gets no calls, in place of an older one, of which Envoy may still think well:
what is found from now on counts. The other slot keeps the old version until the next release, so
the way back is a weight.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from releases.domain.judgement import Figures
from releases.domain.progress import Phase, Sight
from releases.ports import CanaryFailed, Handle, Refused
from shared.runtime.envoy_traffic import BLUE, GREEN, TrafficError
from shared.runtime.envoy_traffic import Figures as Counted

PERCENT = 10
PROOFS = 3
"""Checks in which a new version must be found well before it gets calls: one that dies soon after
it began may pass the first.
"""
SLOW = 0.95
"""The quantile that is compared."""
Mark = dict[str, Any]
AnswerT = TypeVar("AnswerT")


class Traffic(Protocol):
    """What is used of ``shared.runtime.envoy_traffic.Traffic``."""

    def weights(self) -> dict[str, int]: ...

    def idle(self) -> str | None: ...

    def shift(self, slot: str, percent: int) -> None: ...

    def healthy(self) -> dict[str, bool]: ...

    def proofs(self) -> dict[str, int]: ...

    def figures(self) -> dict[str, Counted]: ...


class EnvoyCanary:
    """Implements ``releases.ports.Canary``."""

    def __init__(self, traffic: Traffic, clock: Callable[[], float] = time.time) -> None:
        self._traffic = traffic
        self._clock = clock

    def check(self, version: str) -> None:  # noqa: ARG002 - its process is named elsewhere
        """Refuse while two versions share the calls. Raises Refused, CanaryFailed."""
        if self._ask(self._traffic.idle) is None:
            raise Refused("release-in-progress")

    def start(self, version: str) -> Handle:
        """Take the slot without calls. Raises CanaryFailed."""
        slot = self._ask(self._traffic.idle)
        if slot is None:
            raise CanaryFailed("both versions get calls: a release is under way")
        return {
            "version": version,
            "slot": slot,
            "phase": Phase.STARTING,
            "since": self._clock(),
            "proofs": self._ask(self._traffic.proofs)[slot],
        }

    def look(self, handle: Handle) -> Sight:
        """Weights, health and figures as Envoy has them. Raises CanaryFailed."""
        slot, phase = str(handle["slot"]), Phase(handle["phase"])
        weight = self._ask(self._traffic.weights)[slot]
        healthy = self._ask(self._traffic.healthy)[slot]
        if phase is Phase.STARTING:
            proofs = self._ask(self._traffic.proofs)[slot] - handle["proofs"]
            proved = healthy and proofs >= PROOFS
            return Sight(Phase.READY if proved else phase, weight, healthy=healthy)
        if phase is Phase.SETTLING:
            return Sight(Phase.DONE if weight == 100 else phase, weight, healthy=healthy)
        counted = self._ask(self._traffic.figures)
        marks = handle["marks"]
        old, new = (_since(counted[it], marks[it]) for it in (_other(slot), slot))
        return Sight(phase, weight, old, new, healthy)

    def go_on(self, handle: Handle, sight: Sight) -> Handle:
        """Write the next weight and read it back; none for a version that has got unwell since.

        Raises CanaryFailed.
        """
        if sight.phase is Phase.STARTING:
            return handle
        slot = str(handle["slot"])
        first = sight.phase is Phase.READY
        marks = {it: _mark(of) for it, of in self._ask(self._traffic.figures).items()}
        self._ask(lambda: self._traffic.shift(slot, PERCENT if first else 100))
        phase = Phase.CANARY if first else Phase.SETTLING
        return {**handle, "phase": phase, "since": self._clock(), "marks": marks}

    def roll_back(self, handle: Handle) -> None:
        """All calls to the other slot. Raises CanaryFailed."""
        if "slot" in handle:
            self._ask(lambda: self._traffic.shift(str(handle["slot"]), 0))

    def _ask(self, what: Callable[[], AnswerT]) -> AnswerT:
        try:
            return what()
        except TrafficError as error:
            raise CanaryFailed(f"{type(error).__name__}: {error}") from error


def _other(slot: str) -> str:
    return BLUE if slot == GREEN else GREEN


def _mark(counted: Counted) -> Mark:
    return {
        "calls": counted.calls,
        "failures": dict(counted.failures),
        "latency": [[str(bound), count] for bound, count in counted.latency if count],
    }


def _since(counted: Counted, mark: Mapping[str, Any]) -> Figures:
    before = Counted(
        mark["calls"],
        mark["failures"],
        tuple((float(bound), count) for bound, count in mark["latency"]),
    )
    since = counted.since(before)
    return Figures(since.calls, since.failed, since.quantile(SLOW))
