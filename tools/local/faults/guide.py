"""The tour: six steps that do something to the running system and look whether it did as it should.

A step takes 20 seconds at most. What it finds it tells line by line, with where to see it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

THREAD = "step of the tour"
LONGEST_SECONDS = 20.0
PAUSE_SECONDS = 0.2
T = TypeVar("T")
State = Literal["not begun", "running", "done", "failed"]


class StepFailed(Exception):
    """The system did not do what the step shows; says what was found."""


class UnknownStep(Exception):
    """There is no step of this name."""


class StepRuns(Exception):
    """A step is under way: its end comes first."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was done or found; ``address`` is a screen of the console, or empty."""

    at: float
    text: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """``shows`` is what one learns from it; ``walk`` does it and raises if it does not come so."""

    name: str
    title: str
    shows: str
    walk: Callable[[Walk, str], None]


@dataclass
class Walk:
    """One time that a step is walked: its lines, and its end when its time is over."""

    begun: float = field(default_factory=time.monotonic)
    lines: list[Line] = field(default_factory=list)

    def tell(self, text: str, address: str = "") -> None:
        """Say what was done or found."""
        self.lines.append(Line(time.time(), text, address))

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """Look until there is something that is true.

        Raises:
            StepFailed: there was not, before the step's time was over.
        """
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() - self.begun > LONGEST_SECONDS:
                raise StepFailed(f"not within {LONGEST_SECONDS:.0f} s: {what}")
            time.sleep(PAUSE_SECONDS)


@dataclass
class Walked:
    """How a step went last."""

    state: State = "not begun"
    lines: list[Line] = field(default_factory=list)
    seconds: float | None = None
    problem: str | None = None


class Guide:
    """Walks one step at a time, in a thread of its own."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps
        self.walked = {it.name: Walked() for it in steps}
        self._lock = threading.Lock()

    def begin(self, name: str, operator: str) -> None:
        """Begin a step; it goes on when this returns.

        Raises:
            UnknownStep, StepRuns: see each.
        """
        step = next((it for it in self.steps if it.name == name), None)
        if step is None:
            raise UnknownStep(name)
        with self._lock:
            if any(it.state == "running" for it in self.walked.values()):
                raise StepRuns(name)
            walk = Walk()
            walked = self.walked[name] = Walked("running", walk.lines)
        threading.Thread(
            target=_walk, args=(step, walk, walked, operator), name=THREAD, daemon=True
        ).start()


def _walk(step: Step, walk: Walk, walked: Walked, operator: str) -> None:
    try:
        step.walk(walk, operator)
    except StepFailed as failed:
        walked.problem = str(failed)
    except Exception as error:  # whatever it is: the page says so, and the next step can be walked
        walked.problem = f"{type(error).__name__}: {error}"
    walked.seconds = time.monotonic() - walk.begun
    walked.state = "done" if walked.problem is None else "failed"
