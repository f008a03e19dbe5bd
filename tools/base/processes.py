"""Finds and ends the processes that a workspace started, and never anybody else's."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tools.base.workspace import OTHERS, open_private

_PROC = Path("/proc")
UNTIL_KILLED_SECONDS = 5.0
START_SECONDS = 30.0
"""A busy machine takes ten for the imports alone."""
# Those that this process has started: it collects them when they have ended.
_children: dict[int, subprocess.Popen[bytes]] = {}


def workspace_option(root: Path) -> str:
    """What marks an emulator's command line as this workspace's."""
    return f"workspace={root}"


def of_workspace(root: Path, group: int | None) -> list[int]:
    """Living processes that belong to a workspace: its emulator, and that one's workers.

    An emulator is found by its mark, and workers, which outlive a crashed emulator for a moment,
    by the process group on record. Numbers are used again after a crash or a reboot, so every
    process must also have the workspace's path in its command line.
    """
    everything = list(listing())
    mark = f" {workspace_option(root)} "
    leaders = {pid for pid, _, command in everything if mark in command}
    return [
        pid
        for pid, of_group, command in everything
        if of_group in leaders | {group} and str(root) in command
    ]


def leads(root: Path, pid: int | None) -> bool:
    """Whether this number is a living process that a workspace has marked as its own.

    What is asked every second asks this: it looks at one process and not at all of the machine's.
    """
    mark = f" {workspace_option(root)} "
    return pid is not None and any(mark in command for _, _, command in listing(pid))


def end(root: Path, group: int | None, *, grace: float) -> list[int]:
    """End a workspace's processes, by force after `grace` seconds; return who had to go."""
    found = of_workspace(root, group)
    if grace:
        # The emulator ends its own workers; if it is gone already, they are asked themselves.
        leaders = [pid for pid in found if _leads_its_group(pid)]
        _signal(leaders or found, signal.SIGTERM)
    if not _gone(root, group, grace):
        _signal(of_workspace(root, group), signal.SIGKILL)
        _gone(root, group, UNTIL_KILLED_SECONDS)
    collect(found if group is None else [*found, group])
    return found


def launch(
    command: Sequence[str],
    *,
    log: Path,
    folder: Path,
    environment: Mapping[str, str],
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a process that goes on when this one has ended, in a session of its own.

    What it prints begins ``log`` anew; that, and all that it writes, its owner alone may read.
    """
    with open_private(log, anew=True) as printed:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=stdin,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=OTHERS,
        )
    started(child)
    return child


def started(child: subprocess.Popen[bytes]) -> None:
    """Keep hold of a process that was started here, until it is collected."""
    _children[child.pid] = child


def refused_to_start(
    child: subprocess.Popen[bytes], is_ready: Callable[[], bool], *, log: Path
) -> tuple[str, ...] | None:
    """None once the process is ready.

    If it ends before that, or takes too long, it is ended, and the last lines of its log are
    returned.
    """
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if child.poll() is not None or time.monotonic() > deadline:
            child.kill()
            return tuple(log.read_text(errors="replace").splitlines()[-10:])
        time.sleep(0.01)
    return None


def collect(pids: Iterable[int]) -> None:
    """Take note that these have ended or are about to, where they were started here.

    And of those that somebody else has ended since. One of `pids` that has not ended in time is
    killed: one that has only just begun is in no list of processes yet.
    """
    ended = [pid for pid, child in list(_children.items()) if child.poll() is not None]
    for pid in {*pids, *ended} & _children.keys():
        with _children.pop(pid) as child:
            try:
                child.wait(UNTIL_KILLED_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def _leads_its_group(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _gone(root: Path, group: int | None, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while of_workspace(root, group):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def listing(only: int | None = None) -> Iterator[tuple[int, int, str]]:
    """Number, group and command line of each process, or of one; zombies have none and are left
    out.
    """
    return _from_proc(only) if _PROC.is_dir() else _from_ps(only)


def _from_proc(only: int | None) -> Iterator[tuple[int, int, str]]:
    for folder in _PROC.iterdir() if only is None else [_PROC / str(only)]:
        if folder.name.isdigit():
            try:
                group = os.getpgid(int(folder.name))
                command = (folder / "cmdline").read_bytes()
            except (ProcessLookupError, PermissionError, FileNotFoundError):
                continue
            yield int(folder.name), group, command.replace(b"\0", b" ").decode(errors="replace")


def _from_ps(only: int | None) -> Iterator[tuple[int, int, str]]:
    which = ["-A"] if only is None else ["-p", str(only)]
    listing = subprocess.run(
        ["ps", *which, "-ww", "-o", "pid=,pgid=,command="],
        capture_output=True,
        text=True,
        check=only is None,  # of one that has ended it says so by its status
    ).stdout
    for line in listing.splitlines():
        pid, group, command = line.split(None, 2)
        yield int(pid), int(group), command
