"""What ends a process of pricing with the emulator that it belongs to; runs in that process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable


def end_with(pid: int | None, end: Callable[[], None]) -> None:
    """Call ``end`` when the process of this number is gone."""
    if pid is not None:
        threading.Thread(target=_watch, args=(pid, end), daemon=True).start()


def _watch(pid: int, end: Callable[[], None]) -> None:
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            end()
            return
        time.sleep(0.5)
