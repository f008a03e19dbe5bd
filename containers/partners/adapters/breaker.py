"""A circuit breaker with a time budget: whoever does not answer is left alone for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from partners.ports import Silent
from shared.runtime import log

T = TypeVar("T")
FAILURES = 5
"""In a row, until nobody is asked any more."""
PAUSE = 3.0
"""Seconds until one call tries again."""
MOST_AT_ONCE = 32
"""Calls under way; others wait for their turn, within their own time."""


class Breaker:
    """``await breaker.call(ask, seconds)``; ``who`` is named in refusals and metrics."""

    def __init__(
        self,
        who: str,
        *,
        failures: int = FAILURES,
        pause: float = PAUSE,
        most: int = MOST_AT_ONCE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.who = who
        self._failures_allowed = failures
        self._pause = pause
        self._turns = asyncio.Semaphore(most)
        self._monotonic = monotonic
        self._failures = 0
        self._open_until = 0.0
        self._trying = False

    @property
    def is_open(self) -> bool:
        """Whether calls are refused."""
        return self._failures >= self._failures_allowed

    async def call(self, ask: Callable[[], Awaitable[T]], seconds: float) -> T:
        """What ``ask`` answers, which raises Silent where nobody answers.

        Raises:
            Silent: so did ``ask``, its time is over, or nobody is asked at present.
        """
        is_trial, was_asked = self._let_through(), False
        try:
            async with asyncio.timeout(seconds), self._turns:
                was_asked = True
                answer = await ask()
        except (TimeoutError, Silent) as failure:
            if was_asked:  # who waited in vain for a turn says nothing of them
                self._failed()
            raise failure if isinstance(failure, Silent) else Silent(self.who) from failure
        else:
            self._failures = 0
            return answer
        finally:
            if is_trial:
                self._trying = False

    def _let_through(self) -> bool:
        """Whether this call is the one that tries again. Raises Silent: no call is let through."""
        if not self.is_open:
            return False
        left = self._open_until - self._monotonic()
        if left > 0 or self._trying:
            raise Silent(self.who, max(1, round(left)))
        self._trying = True
        return True

    def _failed(self) -> None:
        self._failures += 1
        if self.is_open:
            self._open_until = self._monotonic() + self._pause
        if self._failures == self._failures_allowed:
            log.warning("circuit opened", who=self.who, seconds=self._pause)
            log.metric("CircuitOpened", 1, who=self.who)
