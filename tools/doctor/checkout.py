"""What is in the checkout and belongs to it: environments, leftovers, folders, git."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tools.base import processes
from tools.base.records import read_record
from tools.doctor.finding import fail, ok, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tools.doctor.finding import Finding
    from tools.toolchain.setup import Part

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def environment(part: Part) -> Finding:
    """One thing that `make setup` installs: there, whole, of this folder and of today's locks."""
    about, again = part.name, "`make setup` makes it anew; every command that needs it does, too."
    if part.is_ready:
        return ok(about, f"ready in {part.folder.name}")
    if not part.folder.exists():
        return ok(about, "not installed yet; `make setup` or `make run` does that")
    try:
        digest, _, where = part.stamp.read_text("utf-8", errors="surrogateescape").partition(" ")
    except OSError:
        return warn(about, f"{part.folder.name} was left by an interrupted setup", again)
    if not part.is_movable and where != str(part.folder):
        return warn(about, f"made for {where}: the folder was moved or copied", again)
    if digest != part.made_from().partition(" ")[0]:
        return warn(about, "made from other locked versions than there are now", again)
    return warn(about, f"{part.program} does not start: its Python is gone", again)


def writable(folder: Path, *, may_write: bool, may_execute: bool) -> Finding:
    """The checkout itself: everything that is installed, built and run is kept in it."""
    about = "checkout"
    if not may_write:
        return fail(
            about, f"{folder} cannot be written to", "Clone into a folder that is yours to write."
        )
    if not may_execute:
        return fail(
            about,
            f"{folder} is mounted so that no program in it may start (noexec)",
            "Clone onto another disk.",
        )
    return ok(about, str(folder))


def home(folder: str, unwritable: Sequence[str]) -> Finding:
    """Where tools keep what they cache.

    Args:
        folder: what HOME says.
        unwritable: those that HOME or a variable names and that cannot be written to.
    """
    about = "home and caches"
    if unwritable:
        return warn(
            about,
            f"{', '.join(unwritable)} cannot be written to",
            "Caches are kept in .cache of the checkout, apart from those that a variable names: "
            "make these folders yours, such as with `sudo chown -R $(id -u)`, or unset the "
            "variable.",
        )
    return ok(about, folder)


def kept_here(root: Path) -> Finding:
    """The folder for what runs: it holds keys, so that no one else may read it."""
    about = "what runs here"
    if not root.exists():
        return ok(about, "nothing has been run yet")
    found = root.stat()
    if found.st_uid != os.getuid():
        return fail(
            about,
            f"{root} belongs to another user",
            f"`sudo chown -R $(id -u) {root}`, or remove it.",
        )
    if found.st_mode & OTHERS:
        return warn(
            about,
            f"{root} can be read by others, and keys are kept there",
            "The next `make up` or `make run` closes it.",
        )
    return ok(about, f"{root} is yours alone")


def left_over(
    root: Path,
    running: Iterable[tuple[int, int, str]],
    recorded: Iterable[int],
    *,
    has_crashed: bool,
) -> Finding:
    """Processes that a run has started and not ended.

    Args:
        running: number, group and command line of every process of this machine.
        recorded: numbers of those that this checkout has written down, those of last time too.
        has_crashed: whether a run has left what it removes when it is ended.
    """
    about, everybody = "processes", list(running)
    mark = f" {processes.workspace_option(root)} "
    ours = {pid for pid, _, command in everybody if mark in command}
    known = set(recorded)
    if strangers := sorted(ours - known):
        return warn(about, f"a crashed run has left {_numbers(strangers)}", "`make down` ends it.")
    if orphans := sorted(_of_folders_that_are_gone(everybody)):
        return warn(
            about,
            f"{_numbers(orphans)} of a checkout that was removed",
            f"`kill {' '.join(map(str, orphans))}` ends what is left.",
        )
    if ours and (gone := sorted(known - ours)):
        return warn(about, f"{_numbers(gone)} has ended by itself", "`make up` starts it again.")
    if has_crashed and not ours:
        return warn(
            about,
            "the last run ended without being told to",
            "`make down` tidies up; `make up` starts anew.",
        )
    return ok(about, f"{len(ours)} of ours, all on record" if ours else "none of ours is running")


def _numbers(pids: Sequence[int]) -> str:
    return f"{'process' if len(pids) == 1 else 'processes'} {', '.join(map(str, pids))}"


def _of_folders_that_are_gone(running: Iterable[tuple[int, int, str]]) -> Iterator[int]:
    for pid, _, command in running:
        _, found, rest = command.partition(f" {processes.workspace_option(Path('/'))}")
        # A path may hold spaces: it goes up to the option that follows.
        folder = Path(f"/{rest.partition(' -')[0]}")
        if found and folder.name == ".local" and not folder.exists():
            yield pid


def git(ask: Callable[..., tuple[int, str]] | None, checkout: Path) -> Finding:
    """Whether the history can be asked: configuration is deployed with the commit that wrote it.

    Args:
        ask: git with these arguments: its exit status and what it said; nothing without a git.
    """
    about = "git"
    if ask is None:
        return warn(
            about,
            "is not installed",
            "`make run` and `make test` work; `make config-apply` and `make deploy` name commits.",
        )
    status, said = ask("rev-parse", "--is-shallow-repository")
    if "dubious ownership" in said:
        return warn(
            about,
            f"refuses to read {checkout}, which belongs to another user",
            f"`git config --global --add safe.directory {checkout}`, or make the folder yours.",
        )
    if status:
        first = (said.splitlines() or ["it said nothing"])[0]
        return warn(
            about,
            f"knows no history here ({first})",
            "Commands that name a commit say `uncommitted`; a clone has the history.",
        )
    if said == "true":
        return warn(
            about,
            "the clone is shallow: older commits are missing",
            "`git fetch --unshallow`; in a workflow, `fetch-depth: 0`.",
        )
    return ok(about, "the whole history is here")


def ask_git(checkout: Path) -> Callable[..., tuple[int, str]] | None:
    """A git that works on the checkout, if there is one."""
    program = shutil.which("git")
    if program is None:
        return None
    found: str = program

    def ask(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [found, *words],
            cwd=str(checkout),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            errors="replace",
            check=False,
        )
        return done.returncode, done.stdout.strip()

    return ask


def caches(variable: Callable[[str], str | None]) -> tuple[str, ...]:
    """Folders that cannot take what is cached: those that a variable names, and home's own."""
    house = Path(variable("HOME") or "/nowhere")
    named = [
        Path(folder)
        for name in ("XDG_CACHE_HOME", "PIP_CACHE_DIR", "UV_CACHE_DIR", "npm_config_cache")
        if (folder := variable(name))
    ]
    own = [house / it for it in (".cache", ".npm") if (house / it).exists()]
    return tuple(str(it) for it in (house, *own, *named) if not _takes_files(it))


def _takes_files(folder: Path) -> bool:
    """Whether one may write there, or make it."""
    while not folder.exists() and folder.parent != folder and folder.name:
        if folder == Path("/nowhere"):
            return False
        folder = folder.parent
    return folder.is_dir() and os.access(str(folder), os.W_OK | os.X_OK)


def may_execute(folder: Path) -> bool:
    """Whether a program in it may start."""
    return not os.statvfs(str(folder)).f_flag & getattr(os, "ST_NOEXEC", 8)


def has_crashed(root: Path) -> bool:
    """Whether the outputs of a run are still here, and no state that was saved at its end."""
    return (root / "outputs.json").exists() and not (root / "state" / "ended-in-order").exists()


def recorded(root: Path) -> dict[int, int]:
    """Port by number, of each process that this checkout has written down."""
    found = map(read_record, sorted(root.glob("*.json")))
    return {it["pid"]: it["port"] for it in found if "pid" in it and "port" in it}
