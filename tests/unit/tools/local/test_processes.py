"""Processes that were started here are collected, whoever ended them."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.base import processes
from tools.base.workspace import Workspace
from tools.emulator.emulator import Emulator
from tools.emulator.side_process import SideProcess

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


def test_a_process_that_nobody_has_ended_is_not_waited_for_without_end(
    child: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "UNTIL_KILLED_SECONDS", 0.01)
    processes.collect([child.pid])
    assert child.returncode == -signal.SIGKILL


@pytest.fixture
def marked(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that a workspace below this folder has started."""
    command = [WAITS[0], "-X", processes.workspace_option(tmp_path), *WAITS[1:]]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        yield child


def test_a_number_on_record_is_its_workspaces_process_while_that_lives(
    marked: "subprocess.Popen[bytes]", child: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    assert processes.leads(tmp_path, marked.pid)
    assert not processes.leads(tmp_path, child.pid), "the number is somebody else's by now"
    assert not processes.leads(tmp_path.parent, marked.pid)
    assert not processes.leads(tmp_path, None)
    marked.kill()
    os.waitid(os.P_PID, marked.pid, os.WEXITED | os.WNOWAIT)
    assert not processes.leads(tmp_path, marked.pid), "it has ended, and nobody has collected it"
    marked.wait()
    assert not processes.leads(tmp_path, marked.pid)


@pytest.mark.skipif(shutil.which("ps") is None, reason="it is what is asked where /proc is not")
def test_it_is_the_same_where_the_kernel_shows_its_processes_elsewhere(
    marked: "subprocess.Popen[bytes]", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_PROC", tmp_path / "no such folder")
    assert processes.leads(tmp_path, marked.pid)
    assert marked.pid in {pid for pid, _, _ in processes.listing()}
    marked.kill()
    marked.wait()
    assert not processes.leads(tmp_path, marked.pid)


def test_what_is_asked_every_second_looks_at_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []

    def listing(only: int | None = None) -> Iterator[tuple[int, int, str]]:
        asked.append(only)
        return iter(())

    monkeypatch.setattr(processes, "listing", listing)
    for file in ("emulator.json", "side.json"):
        (tmp_path / file).write_text('{"pid": 4711, "port": 1}')
    assert not Emulator(tmp_path).is_healthy()
    record = tmp_path / "side.json"
    beside = SideProcess(Workspace(tmp_path), module="any", record=record, usual_port=1)
    assert not beside.is_running()
    assert asked == [4711, 4711]
