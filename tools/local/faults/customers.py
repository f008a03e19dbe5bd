"""Customers who place orders at a rate that an operator chooses, as long as the system bears it."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

MOST = 20.0
"""Orders a second that can be chosen."""
CLIENTS = 16
"""Customers who wait for an answer at the same time. If all do, the next order is left out."""
OVER_SECONDS = 5.0
"""The rate achieved is told over so long."""
MIX = {"good": 88, "out-of-stock": 4, "nowhere": 4, "cancelled": 4}


@dataclass(frozen=True, slots=True)
class Going:
    """How it goes. Rates in orders a second; ``left_out`` were due when every client waited."""

    rate: float
    achieved: float
    placed: int
    refused: int
    left_out: int
    until: float | None


class Customers:
    """``place`` places one order of a kind and says whether it was accepted."""

    def __init__(
        self, place: Callable[[str], bool], seconds: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._place = place
        self._seconds = seconds
        self._clock = clock
        self._rate = 0.0
        self._until = 0.0
        self._changed = threading.Condition()
        self._accepted: deque[float] = deque()
        self._free = threading.Semaphore(CLIENTS)
        self._counts = {"placed": 0, "refused": 0, "left_out": 0}
        self._clients = ThreadPoolExecutor(CLIENTS, thread_name_prefix="customer")
        threading.Thread(target=self._go_on, daemon=True).start()

    def choose(self, rate: float) -> None:
        """Place so many orders a second until the time is over; 0 places none."""
        with self._changed:
            if rate and not self._is_on:
                self._counts = dict.fromkeys(self._counts, 0)
            self._rate = rate
            self._until = self._clock() + self._seconds
            self._changed.notify()

    def going(self) -> Going:
        """How it goes now."""
        with self._changed:
            now = self._clock()
            while self._accepted and self._accepted[0] < now - OVER_SECONDS:
                self._accepted.popleft()
            on = self._is_on
            return Going(
                rate=self._rate if on else 0.0,
                achieved=len(self._accepted) / OVER_SECONDS,
                until=self._until if on else None,
                **self._counts,
            )

    @property
    def _is_on(self) -> bool:
        return self._rate > 0 and self._clock() < self._until

    def _go_on(self) -> None:
        due = 0.0
        while True:
            with self._changed:
                while not self._is_on:
                    self._changed.wait()
                    due = time.monotonic()
                pause = 1 / self._rate
            due = max(due, time.monotonic() - 1)  # what was slept through is not made up for
            time.sleep(max(0.0, due - time.monotonic()))
            due += pause
            self._order()

    def _order(self) -> None:
        if not self._free.acquire(blocking=False):
            self._count("left_out")
            return
        [kind] = random.choices(list(MIX), list(MIX.values()))  # noqa: S311 - no secret
        self._clients.submit(self._one, kind)

    def _one(self, kind: str) -> None:
        try:
            accepted = self._place(kind)
        except Exception:  # nobody answers: the order is not accepted
            accepted = False
        finally:
            self._free.release()
        self._count("placed" if accepted else "refused")

    def _count(self, what: str) -> None:
        with self._changed:
            self._counts[what] += 1
            if what == "placed":
                self._accepted.append(self._clock())
