"""Runs the emulator and ends it, workers included, when the process that started it is gone.

Started by the emulator's own interpreter as a script, with a pipe as standard input: the pipe
closes when its other end dies, however it dies.
"""

import os
import runpy
import signal
import sys
import threading


def _end_with_the_starter() -> None:
    while os.read(0, 1):
        continue
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__")
