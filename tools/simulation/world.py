"""One seeded scheduler with a virtual clock: whatever happens in a run follows from its seed.

Code runs in greenlets, of which one runs at a time, and is interrupted only where it waits: in a
call of AWS, in a sleep. What waits stands in a heap by virtual time, so that equal seeds make equal
runs, to the byte.
"""

from __future__ import annotations

import heapq
import os
import random
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, TextIO, cast

from greenlet import GreenletExit, getcurrent, greenlet

from tools.base.workspace import CHECKOUT
from tools.simulation.dice import Dice

_PLACES = (f"{sys.prefix}/", f"{sys.base_prefix}/", f"{CHECKOUT}/")
"""Folders of this machine, which no trace has: a seed gives the same one wherever it runs."""
BEGINNING = 1_790_000_000.0
"""Seconds since 1970 at which every run begins; a moment in 2026."""


class Killed(BaseException):
    """The process died: thrown where its code waits, and nothing that it does counts any more."""


class Process:
    """A piece of code at work; ``skew`` is by how many seconds its clock is ahead.

    ``environment`` are the variables that it reads, ``memory`` what its modules keep. ``run`` is
    called in a greenlet of its own, and ``ended`` with what it returned or raised, unless it was
    killed.
    """

    def __init__(
        self,
        world: World,
        name: str,
        run: Callable[[], Any],
        ended: Callable[[Any, BaseException | None], None],
        environment: dict[str, str] | None = None,
        skew: float = 0.0,
        memory: dict[Any, Any] | None = None,
    ) -> None:
        self.world = world
        self.name = name
        self.environment = environment or {}
        self.skew = skew
        self.memory = memory if memory is not None else {}
        self.dead = False
        self.done = False
        self.turn = 0
        """How often it has been resumed: who resumes it for an earlier wait comes too late."""
        self.vulnerable = False
        """Whether faults may kill or freeze it: what plays the customers and AWS is spared."""
        self.died: Callable[[], None] = lambda: None
        """Is called a moment after it was killed."""
        self.found_nothing: set[tuple[str, str]] | None = set()
        """Table and index of its queries as long as it has made no other calls, and they have found
        nothing; None from then on."""
        self.patience = 3.0
        """Seconds that it waits for an answer of a function that it invokes."""
        self._run = run
        self._ended = ended
        self._greenlet: greenlet | None = None

    def start(self) -> None:
        """Begin at once; returns when it waits for the first time."""
        self.resume(None)

    def resume(self, value: Any, turn: int = 0) -> None:
        """Let it go on with the answer that it waits for; ``turn`` is the wait that is meant.

        It must be the last thing that happens in a turn of the world: time may have gone on.
        """
        if self.dead or self.done or turn != self.turn:
            return
        self.turn += 1
        world = self.world
        before, world.current = world.current, self
        os.environ = self.environment  # type: ignore[assignment]  # noqa: B003
        if self._greenlet is None:
            self._greenlet = world.greenlet()
            value = self.body
        try:
            self._greenlet.switch(value)
        finally:
            world.current = before

    def kill(self) -> None:
        """It dies where it waits; code that catches everything learns of it once more, in vain."""
        if self.dead or self.done:
            return
        self.dead = True
        if self is self.world.current:
            raise Killed
        if self._greenlet is None:
            self.done = True  # it had not begun
            self.world.after(0.05, self.died)
            return
        before, self.world.current = self.world.current, self
        try:
            self._greenlet.throw(Killed)
        finally:
            self.world.current = before

    def body(self) -> None:
        """What it does, in its greenlet, from its beginning to its end."""
        answer: Any = None
        error: BaseException | None = None
        try:
            answer = self._run()
        except Killed:
            self.dead = True
        except Exception as raised:
            error = raised
        self.done = True
        if self.dead:
            self.world.after(0.05, self.died)
        else:
            self._ended(answer, error)


class World:
    """What one seed makes happen. ``trace`` takes a line for each thing that does."""

    def __init__(self, seed: int, dice: Dice, trace: TextIO | None = None) -> None:
        self.seed = seed
        self.dice = dice
        self.random = random.Random(f"schedule {seed}")  # noqa: S311 - it has to be repeatable
        self.now = BEGINNING
        self.hub = getcurrent()
        self.current: Process | None = None
        self.steps = 0
        self.calls = 0
        self.told: Counter[str] = Counter()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._ends = BEGINNING
        self._greenlets: list[greenlet] = []
        self._idle: list[greenlet] = []
        self._trace = trace

    @property
    def elapsed(self) -> float:
        """Virtual seconds since the beginning."""
        return self.now - BEGINNING

    def tell(self, *words: object) -> None:
        """A line of the trace, if anybody wants it."""
        if self._trace is not None:
            line = f"{self.elapsed:12.3f} {' '.join(map(str, words))}\n"
            for place in _PLACES:
                line = line.replace(place, "")
            self._trace.write(line)

    @property
    def is_traced(self) -> bool:
        """Whether anybody reads what is told."""
        return self._trace is not None

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something later."""
        self._order += 1
        heapq.heappush(self._heap, (self.now + seconds, self._order, do))

    def greenlet(self) -> greenlet:
        """One in which a process may run. Those whose process has ended are used again, since a new
        one takes longer than much of what is done in it.
        """
        if self._idle:
            return self._idle.pop()
        self._greenlets.append(greenlet(self._one_after_another, self.hub))
        return self._greenlets[-1]

    def end(self) -> None:
        """Nothing happens any more. Each greenlet is ended: what a waiting one has in its frames is
        never found to be garbage.
        """
        for it in self._greenlets:
            if not it.dead:
                it.throw(GreenletExit)

    def _one_after_another(self, body: Callable[[], None]) -> None:
        while True:
            body()
            self._idle.append(cast(greenlet, getcurrent()))
            body = self.hub.switch()

    def spawn(
        self,
        name: str,
        run: Callable[[], Any],
        ended: Callable[[Any, BaseException | None], None] = lambda _answer, _error: None,
        **about: Any,
    ) -> Process:
        """Start a process at the next turn."""
        process = Process(self, name, run, ended, **about)
        self.after(0.0, process.start)
        return process

    def wait(self) -> Any:
        """Called by the process at work: until somebody resumes it, and with what."""
        process = self.current
        assert process is not None, "only a process can wait"
        if process.dead:
            raise Killed
        value = self.hub.switch()
        if process.dead:
            raise Killed
        return value

    def pause(self, seconds: float) -> None:
        """The process at work does nothing for so many virtual seconds."""
        process = self.current
        if process is None:
            raise AssertionError("only a process can pause")
        if process.dead:
            raise Killed
        wakes = self.now + seconds
        if wakes <= self._ends and (not self._heap or self._heap[0][0] > wakes):
            # Nobody else has a turn until then, so there is nobody to switch to. What has resumed
            # this process does nothing more in its own turn: see `resume`.
            self.now = wakes
            self.steps += 1
            process.turn += 1
            return
        turn = process.turn
        self.after(seconds, lambda: process.resume(None, turn))
        self.wait()

    def run(self, until: Callable[[], bool], seconds: float, steps: int = 3_000_000) -> bool:
        """Go on until it is so; False if that takes longer than allowed, or nothing is left."""
        ends = self._ends = self.now + seconds
        heap = self._heap
        while not until():
            if not heap or heap[0][0] > ends or self.steps > steps:
                return until()
            self.now, _, do = heapq.heappop(heap)
            self.steps += 1
            do()
        return True
