"""Processes that were started here are collected, whoever ended them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tools.base import processes

WAITS = [sys.executable, "-c", "input()"]


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE) as child:
        processes.started(child)
        yield child


def test_a_process_that_somebody_else_has_ended_is_collected_with_the_next(
    child: "subprocess.Popen[bytes]",
) -> None:
    os.kill(child.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    processes.collect(())
    assert child.returncode == -signal.SIGKILL


def test_a_process_that_runs_is_left_alone(child: "subprocess.Popen[bytes]") -> None:
    processes.collect(())
    assert child.poll() is None
    child.kill()
    processes.collect([child.pid])
    assert child.returncode == -signal.SIGKILL
