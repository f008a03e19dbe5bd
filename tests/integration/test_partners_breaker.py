"""A circuit breaker leaves alone who does not answer, and tries again with one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from partners.adapters.breaker import Breaker
from partners.ports import Silent


class Somebody:
    """Answers, or not; counts who asks."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_there = True
        self.takes = 0.0
        self.now = 0.0
        self.breaker = Breaker("orders", failures=2, pause=3.0, monotonic=lambda: self.now)

    async def answer(self) -> str:
        self.asked += 1
        await asyncio.sleep(self.takes)
        if not self.is_there:
            raise Silent("orders", 7)
        return "yes"

    def call(self, seconds: float = 1.0) -> Awaitable[str]:
        return self.breaker.call(self.answer, seconds)


async def _fails(somebody: Somebody, times: int) -> list[int]:
    pauses = []
    for _ in range(times):
        with pytest.raises(Silent) as silent:
            await somebody.call()
        pauses.append(silent.value.retry_after)
    return pauses


def test_after_failures_in_a_row_nobody_is_asked_until_the_pause_is_over() -> None:
    async def story() -> None:
        somebody = Somebody()
        somebody.is_there = False
        assert await _fails(somebody, 3) == [7, 7, 3], "the last one is told the pause that is left"
        assert somebody.asked == 2
        somebody.now, somebody.is_there = 3.0, True
        assert await somebody.call() == "yes"
        assert not somebody.breaker.is_open

    asyncio.run(story())


def test_a_success_in_between_begins_the_count_anew() -> None:
    async def story() -> None:
        somebody = Somebody()
        for _ in range(3):
            somebody.is_there = False
            await _fails(somebody, 1)
            somebody.is_there = True
            assert await somebody.call() == "yes"

    asyncio.run(story())


def test_one_call_alone_tries_again() -> None:
    async def story() -> None:
        somebody = Somebody()
        somebody.is_there = False
        await _fails(somebody, 2)
        somebody.now, somebody.is_there, somebody.takes = 3.0, True, 0.05
        trial = asyncio.ensure_future(somebody.call())
        await asyncio.sleep(0)
        await _fails(somebody, 5)
        assert await trial == "yes"
        assert somebody.asked == 3

    asyncio.run(story())


def test_who_takes_too_long_is_silent() -> None:
    async def story() -> None:
        somebody = Somebody()
        somebody.takes = 5.0
        with pytest.raises(Silent):
            await somebody.call(seconds=0.01)

    asyncio.run(story())


def test_who_waits_in_vain_for_a_turn_says_nothing_of_whom_it_would_ask() -> None:
    async def story() -> None:
        somebody = Somebody()
        somebody.breaker = Breaker("orders", failures=1, most=1)
        somebody.takes = 0.2
        first = asyncio.ensure_future(somebody.call())
        await asyncio.sleep(0)
        with pytest.raises(Silent):
            await somebody.call(seconds=0.01)
        assert not somebody.breaker.is_open
        assert await first == "yes"

    asyncio.run(story())
