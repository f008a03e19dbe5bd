"""A process that is started ahead is there when it is needed, and never outlives its owner."""

from __future__ import annotations

import subprocess
import sys

from tools.dev.child import Child

ECHO = "import sys\nfor line in sys.stdin: print('heard', line, end='', flush=True)"


def started(child: Child, program: str = ECHO) -> subprocess.Popen[str]:
    command = [sys.executable, "-I", "-S", "-c", program]
    return child.start(command, environment={}, errors=subprocess.DEVNULL)


def test_it_answers_and_ends_with_its_owner() -> None:
    with Child() as child:
        process = started(child)
        assert child.running is process
        assert process.stdin
        assert process.stdout
        process.stdin.write("this\n")
        process.stdin.flush()
        assert process.stdout.readline() == "heard this\n"
    assert process.poll() is not None
    assert child.running is None


def test_one_that_has_ended_is_not_running_whatever_its_status() -> None:
    for status in (0, 1):
        with Child() as child:
            started(child, f"raise SystemExit({status})").wait(timeout=30)
            assert child.running is None


def test_there_is_one_at_a_time() -> None:
    with Child() as child:
        first, second = started(child), started(child)
        assert first.poll() is not None
        assert child.running is second


def test_none_is_running_before_the_first() -> None:
    with Child() as child:
        assert child.running is None
        child.end()
