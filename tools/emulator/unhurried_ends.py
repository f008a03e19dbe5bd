"""Lets a function end what it is doing before its process ends for new code.

The emulator ends a function's processes at once when its code or its settings change, whatever they
are doing, and the caller gets an error. On AWS an invocation ends on the code that it began with.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

_LOOK_SECONDS = 0.02


def let_functions_finish(runtime: Any) -> None:
    """From now on, workers that the emulator ends while they are in use end after it.

    A worker's own timeout bounds how long that takes: then its invocation has ended too.
    """
    end_at_once: Callable[[Sequence[Any]], None] = runtime.kill_workers

    def end(workers: Sequence[Any]) -> None:
        living = [it for it in workers if it is not None]
        # The pool that they came from is locked while one is leased: who is in use now was leased
        # before, and nobody leases them again.
        busy = [it for it in living if it.in_use]
        end_at_once([it for it in living if it not in busy])
        if busy:
            threading.Thread(target=_end_later, args=(busy, end_at_once), daemon=True).start()

    runtime.kill_workers = end


def _end_later(busy: Sequence[Any], end_at_once: Callable[[Sequence[Any]], None]) -> None:
    while busy:
        time.sleep(_LOOK_SECONDS)
        end_at_once([it for it in busy if not it.in_use])
        busy = [it for it in busy if it.in_use]
