"""The five steps of a release: check, start, observe, continue, roll back."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from releases.domain.judgement import Figures, Standard
from releases.domain.progress import Decision, Next, Patience, Phase, Sight, decide
from releases.ports import Canary, Executions, Handle, Refused
from shared.runtime import log

LOOK_FOR = 5.0
"""Seconds for which one step observes: less than its function may take."""
LOOK_EVERY = 0.2


class Release:
    """Takes steps by what a port shows.

    ``standard`` and ``patience`` are what the release is held to. ``clock`` tells seconds since
    1970 and ``sleep`` takes seconds.
    """

    def __init__(
        self,
        canary: Canary,
        standard: Standard,
        patience: Patience,
        *,
        look_every: float = LOOK_EVERY,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._canary = canary
        self._standard = standard
        self._patience = patience
        self._look_every = look_every
        self._clock = clock
        self._sleep = sleep

    def check(
        self, version: str, service: str, execution: str, executions: Executions
    ) -> dict[str, Any]:
        """Refuse a release that cannot begin. Raises Refused, CanaryFailed."""
        if before := executions.before(service, execution):
            raise Refused(f"release-in-progress: {before}")
        self._canary.check(version)
        return {}

    def start(self, version: str) -> dict[str, Any]:
        """Raises CanaryFailed."""
        return {"handle": dict(self._canary.start(version))}

    def observe(self, handle: Handle) -> dict[str, Any]:
        """Look until something follows, or for five seconds. Raises CanaryFailed."""
        until = self._clock() + LOOK_FOR
        while True:
            sight = self._canary.look(handle)
            seconds = self._clock() - float(handle["since"])
            decision = decide(sight, seconds, self._standard, self._patience)
            if decision.next is not Next.WAIT or self._clock() + self._look_every >= until:
                return _seen(handle, sight, decision, seconds)
            self._sleep(self._look_every)

    def go_on(self, handle: Handle) -> dict[str, Any]:
        """The next share. Raises CanaryFailed."""
        return {"handle": dict(self._canary.go_on(handle, self._canary.look(handle)))}

    def roll_back(self, handle: Handle, reason: str) -> dict[str, Any]:
        """Back to the old version; counted, so that operators are told. Raises CanaryFailed."""
        self._canary.roll_back(handle)
        log.metric("ReleaseRolledBack", 1)
        log.warning("a release was rolled back", reason=reason)
        return {"weight": 0, "reason": reason}


def _seen(handle: Handle, sight: Sight, decision: Decision, seconds: float) -> dict[str, Any]:
    figures = {"old": _shown(sight.old), "new": _shown(sight.new)}
    seen = {
        "next": decision.next,
        "reason": decision.reason,
        "phase": sight.phase,
        "weight": sight.weight,
        "seconds": round(seconds, 1),
        **figures,
    }
    if sight.phase is not Phase.STARTING:
        log.info("a release was looked at", **{**seen, "handle": handle.get("version")})
    return seen


def _shown(figures: Figures) -> Mapping[str, Any]:
    return {"calls": figures.calls, "failed": figures.failed, "slow_ms": figures.slow_ms}
