"""Turns Ctrl-C, SIGTERM and a closed terminal into one exception: every `finally` still runs."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CLEANING_SECONDS = 15.0
"""How long further signals are ignored: what is started must be ended. Then another one counts."""
_AGAIN_SECONDS = 0.05


class Interrupted(BaseException):
    """The user, or whoever started this, wants it to end. `status` is the exit status for it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise `Interrupted` at the first signal; ignore more of them while things are cleaned up.

    Python drops an exception that is raised while it destroys an object. This one is raised again
    then: nothing goes on that was told to end.
    """
    handler, hook = _Handler(), sys.unraisablehook

    def raise_again(dropped: UnraisableHookArgs) -> None:
        if isinstance(dropped.exc_value, Interrupted):
            handler.expect_again(dropped.exc_value.args[0])
        else:
            hook(dropped)

    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    sys.unraisablehook = raise_again
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, earlier in before.items():
            signal.signal(number, earlier)


class _Handler:
    def __init__(self) -> None:
        self._ignored_until = 0.0

    def __call__(self, number: int, _: FrameType | None) -> None:
        now = time.monotonic()
        if now >= self._ignored_until:
            self._ignored_until = now + CLEANING_SECONDS
            raise Interrupted(number)

    def expect_again(self, number: int) -> None:
        """Have the signal come once more, as soon as the object is gone."""
        self._ignored_until = 0.0
        again = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), number))
        again.daemon = True
        again.start()
