"""Saves the emulator's state now and then, so that a killed engine loses seconds and not all.

The emulator itself saves at a clean end only. A save is made by a copy of the process (a fork): it
holds everything as it was in one moment, and writes it beside the last save while the engine goes
on. It is complete or it does not count: the new folder takes the old one's place at the end.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

Write = Callable[[Path], None]
LONGEST_SAVE_SECONDS = 60.0
"""A copy waits for ever for a lock that another thread held when it was made: it is given up."""


def save_now_and_then(state: Path, seconds: float, write: Write) -> threading.Thread:
    """From now on, have `write` fill a folder every so many seconds, and keep the last full one.

    Files that the emulator and those beside it write into `state` at once, such as objects of S3
    and the payment providers' books, are part of a save as they are at its moment.
    """

    def save_again_and_again() -> None:
        while True:
            time.sleep(seconds)
            save(state, write)

    thread = threading.Thread(target=save_again_and_again, daemon=True, name="saves")
    thread.start()
    return thread


def save(state: Path, write: Write) -> bool:
    """Save once; false if it could not be done, and the save before is still the last one."""
    draft, saved, before = (
        state.with_name(f"{state.name}.{it}") for it in ("draft", "saved", "before")
    )
    shutil.rmtree(draft, ignore_errors=True)
    pid = os.fork()
    if pid == 0:
        _write_and_exit(state, draft, write)
    if not _succeeded(pid):
        return False
    shutil.rmtree(before, ignore_errors=True)
    if saved.exists():
        saved.rename(before)
    draft.rename(saved)
    shutil.rmtree(before, ignore_errors=True)
    return True


def _write_and_exit(state: Path, draft: Path, write: Write) -> None:
    code = 1
    try:
        # Every file in it is only ever replaced, never written again: a link is as good as a copy.
        shutil.copytree(state, draft, copy_function=os.link, dirs_exist_ok=True)
        write(draft)
        code = 0
    finally:
        os._exit(code)


def _succeeded(pid: int) -> bool:
    deadline = time.monotonic() + LONGEST_SAVE_SECONDS
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False
