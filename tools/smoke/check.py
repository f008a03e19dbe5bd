"""One thing to ask of a deployment, what its answer proves, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from tools.smoke.system import System

T = TypeVar("T")


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "FAILED"
    NOT_ASKED = "not asked"


class Failed(Exception):
    """What was found is not what should be; says what to do."""


class NotAsked(Exception):
    """The deployment has not what the check is about; says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """``run`` returns what was found in a few words, or raises Failed or NotAsked.

    ``offline`` says why the emulator cannot answer, and is empty if it can.
    """

    name: str
    proves: str
    run: Callable[[System], str]
    offline: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one check, and the seconds that it took."""

    check: Check
    outcome: Outcome
    found: str
    seconds: float


def eventually(look: Callable[[], T | None], what: str, *, seconds: float) -> T:
    """Look until there is something. Raises Failed."""
    ends = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > ends:
            raise Failed(f"not within {seconds:.0f} s: {what}")
        time.sleep(min(1.0, seconds / 50))
