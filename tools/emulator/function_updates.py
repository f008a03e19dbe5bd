"""What becomes of a function's processes when it gets new code: as on AWS, where it can be.

The emulator ends them at once, whatever they are doing, and the caller gets an error. On AWS an
invocation ends on the code that it began with.

And it may keep the old code for good: an invocation that has read the function's code just before
the update, and asks for a process just after it, gets a new process of the old code, which then
serves others too (seen once in 300 updates under load).
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


def serve_the_present_code(runtime: Any) -> None:
    """From now on, a worker serves only invocations of the code that it was made for.

    Those of other code leave the pool, and end. Of two invocations on both sides of an update the
    later one is of the new code, and so is what stays in the pool. Call it before whoever imports
    ``acquire_worker`` does.
    """
    acquire: Callable[..., Any] = runtime.acquire_worker

    def acquire_of(
        name: str, config: dict[str, Any], code: bytes, qualifier: str = "$LATEST", **options: Any
    ) -> Any:
        others = []
        with runtime._lock:
            pool = runtime._workers.get(runtime._worker_key(name, config, qualifier), [])
            others = [it for it in pool if it.code_zip is not code]
            pool[:] = [it for it in pool if it.code_zip is code]
        if others:  # ending them takes as long as the slowest does
            threading.Thread(target=runtime.kill_workers, args=(others,), daemon=True).start()
        return acquire(name, config, code, qualifier=qualifier, **options)

    runtime.acquire_worker = acquire_of


def _end_later(busy: Sequence[Any], end_at_once: Callable[[Sequence[Any]], None]) -> None:
    while busy:
        time.sleep(_LOOK_SECONDS)
        at_rest = [it for it in busy if not it.in_use]
        end_at_once(at_rest)
        busy = [it for it in busy if it not in at_rest]
