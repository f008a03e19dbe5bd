"""Functions' processes are copies of one host: they share its memory, rest, and lose no event."""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.drivers.offline import eventually
from tools.base.processes import listing
from tools.base.workspace import CHECKOUT
from tools.emulator.function_processes import FunctionHost, FunctionProcess

INTERPRETER = str(CHECKOUT / ".venv-emulator" / "bin" / "python")
SCRIPT = """
import os, sys, json
answers, sys.stdout = sys.stdout, sys.stderr
first = json.loads(sys.stdin.readline())
answers.write(json.dumps({"ready": first["name"], "variable": os.environ["VARIABLE"]}) + "\\n")
answers.flush()
while line := sys.stdin.readline():
    event = json.loads(line)
    if event == "crash":
        answers.write('"last words"\\n')
        answers.flush()
        raise SystemExit("crashed")
    answers.write(json.dumps({"pid": os.getpid(), "folder": os.getcwd(), "event": event}) + "\\n")
    answers.flush()
"""


@pytest.fixture(scope="module")
def host() -> Iterator[FunctionHost]:
    """Whose copies rest later than any test lasts."""
    host = FunctionHost(INTERPRETER, idle_seconds=600)
    yield host
    host.stop()


@pytest.fixture(scope="module")
def resting_host() -> Iterator[FunctionHost]:
    """Whose copies rest at once."""
    host = FunctionHost(INTERPRETER, idle_seconds=0.2)
    yield host
    host.stop()


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "_worker.py"
    path.write_text(SCRIPT)
    return str(path)


@pytest.fixture
def function(host: FunctionHost, script: str) -> Iterator[FunctionProcess]:
    function = start(host, script)
    yield function
    function.kill()
    function.wait()


@pytest.fixture
def resting(resting_host: FunctionHost, script: str) -> Iterator[FunctionProcess]:
    """A function that rests."""
    function = start(resting_host, script)
    _rest(function)
    yield function
    function.kill()
    function.wait()


def start(host: FunctionHost, script: str) -> FunctionProcess:
    """A function that is ready for events."""
    folder = str(Path(script).parent)
    function = FunctionProcess(host, script, folder, {"VARIABLE": "value"})
    function.write(json.dumps({"name": "first"}) + "\n")
    assert json.loads(function.readline()) == {"ready": "first", "variable": "value"}
    return function


def _ask(function: FunctionProcess, event: object) -> dict[str, object]:
    function.write(json.dumps(event) + "\n")
    answer: dict[str, object] = json.loads(function.readline())
    return answer


def _rest(function: FunctionProcess) -> None:
    eventually(lambda: function.pid == 0)
    assert function.poll() is None


def _ps(column: str, pid: int) -> str:
    shown = subprocess.run(["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True)
    return shown.stdout.decode().strip()


def test_a_function_runs_in_its_folder_with_its_environment_as_a_copy_of_the_host(
    function: FunctionProcess, host: FunctionHost, tmp_path: Path
) -> None:
    answer = _ask(function, {"n": 1})
    assert answer == {"pid": function.pid, "folder": str(tmp_path), "event": {"n": 1}}
    assert int(_ps("ppid", function.pid)) == host.process.pid


def test_a_function_is_found_by_its_command_line(function: FunctionProcess, script: str) -> None:
    assert [pid for pid, _, command in listing() if script in command] == [function.pid]


def test_an_event_after_a_rest_is_answered_by_a_new_copy(resting: FunctionProcess) -> None:
    pids = []
    for number in (1, 2):
        answer = _ask(resting, number)
        assert answer["event"] == number
        pids.append(answer["pid"])
        _rest(resting)
    assert pids[0] != pids[1]


def test_an_event_larger_than_a_pipe_wakes_a_function_that_rests(
    resting: FunctionProcess,
) -> None:
    large = "x" * 3_000_000
    assert _ask(resting, large)["event"] == large


def test_no_event_is_lost_that_comes_while_a_copy_goes_to_rest(script: str) -> None:
    host = FunctionHost(INTERPRETER, idle_seconds=0.01)
    try:
        function = start(host, script)
        pause = random.Random(7)
        pids = set()
        for number in range(150):
            time.sleep(pause.uniform(0.005, 0.015))
            answer = _ask(function, number)
            assert answer["event"] == number
            pids.add(answer["pid"])
        assert 1 < len(pids) < 150
    finally:
        host.stop()


def test_a_crash_is_seen_after_the_last_words(function: FunctionProcess) -> None:
    function.write('"crash"\n')
    assert json.loads(function.readline()) == "last words"
    assert function.readline() == ""
    assert function.wait() == 1
    assert function.stderr.read().endswith("SystemExit: crashed\n")


@pytest.mark.parametrize("hangs", [False, True])
def test_a_function_can_be_ended(function: FunctionProcess, hangs: bool) -> None:
    pid = function.pid
    if hangs:
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: _ps("stat", pid).startswith("T"))
        function.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            function.wait(timeout=0.3)
        function.kill()
    else:
        function.terminate()
    assert function.wait(timeout=5) == 1
    eventually(lambda: pid not in [number for number, _, _ in listing()])
    assert function.readline() == ""


def test_a_function_that_rests_can_be_ended(resting: FunctionProcess) -> None:
    resting.terminate()
    assert resting.wait(timeout=5) == 0
    assert resting.readline() == ""


def test_without_a_host_nothing_is_started_and_what_rests_ends(script: str) -> None:
    host = FunctionHost(INTERPRETER, idle_seconds=1)
    function = start(host, script)
    host.stop()
    assert _ask(function, 1)["event"] == 1  # a copy does not need it
    _rest(function)
    function.write("2\n")
    assert function.readline() == ""
    assert function.poll() == 1
    with pytest.raises(OSError, match="Bad file descriptor"):
        start(host, script)


def test_host_and_copies_end_with_the_process_that_started_them(script: str) -> None:
    program = (
        "import os, signal\n"
        "from tests.integration.test_function_processes import FunctionHost, INTERPRETER, start\n"
        "host = FunctionHost(INTERPRETER, idle_seconds=60)\n"
        f"function = start(host, {script!r})\n"
        "print(host.process.pid, function.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    started = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=CHECKOUT, check=False
    )
    pids = set(map(int, started.stdout.split()))
    assert len(pids) == 2
    eventually(lambda: not pids & {number for number, _, _ in listing()})


def test_a_process_with_thousands_of_open_files_has_functions_too(
    host: FunctionHost, script: str
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        function = start(host, script)
        assert _ask(function, 1)["event"] == 1
        function.terminate()
        function.wait()
    finally:
        for file in held:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_function_that_has_ended_leaves_no_file_open(host: FunctionHost, script: str) -> None:
    def open_files() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    gc.disable()  # what refers to itself would wait for the collector
    try:
        before = open_files()
        for _ in range(3):
            function = start(host, script)
            function.terminate()
            function.wait()
            del function
        assert open_files() == before
    finally:
        gc.enable()
