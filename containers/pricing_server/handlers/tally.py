"""Calls by method and status, told as metrics every few seconds and not for each call."""

from collections import Counter, defaultdict

from shared.runtime import log
from shared.runtime.envoy_traffic import SERVERS_FAULT


class Tally:
    """``release`` is the version's name: a canary is judged by it."""

    def __init__(self, release: str) -> None:
        self._release = release
        self._calls: Counter[tuple[str, str]] = Counter()
        self._slowest: dict[str, float] = defaultdict(float)

    def count(self, method: str, status: str, milliseconds: float) -> None:
        """One call that has ended."""
        self._calls[method, status] += 1
        self._slowest[method] = max(self._slowest[method], milliseconds)

    def tell(self) -> None:
        """Write what was counted since the last time; nothing if there was no call."""
        calls, slowest = self._calls, self._slowest
        self._calls, self._slowest = Counter(), defaultdict(float)
        for (method, status), count in calls.items():
            name = method.rpartition("/")[2]
            log.metric("Calls", count, method=name, status=status, release=self._release)
        for method, milliseconds in slowest.items():
            name = method.rpartition("/")[2]
            log.metric(
                "SlowestCall", milliseconds, "Milliseconds", method=name, release=self._release
            )
        if calls:
            self._tell_of_release(calls, max(slowest.values()))

    def _tell_of_release(self, calls: Counter[tuple[str, str]], slowest: float) -> None:
        """The sums that an alarm watches, and those of this version, by which it is judged."""
        every = sum(calls.values())
        failed = sum(count for (_, status), count in calls.items() if status in SERVERS_FAULT)
        log.metric("AllCalls", every)
        log.metric("FailedCalls", failed)
        log.metric("ReleaseCalls", every, release=self._release)
        log.metric("ReleaseFailedCalls", failed, release=self._release)
        log.metric("ReleaseSlowestCall", slowest, "Milliseconds", release=self._release)
