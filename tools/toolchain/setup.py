"""Brings the tools to what the locked requirements say, from wherever an earlier try has ended.

Each part has a stamp, which is written last and whole: it names what the part was made from. A part
whose stamp is missing or says something else is made again. So an interruption, a change of a lock
file, and a folder that was moved or copied are one case. (Scripts of a virtual environment hold
absolute paths.)
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.toolchain.containers import missing_platform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Command = Sequence[str | Path]
    Run = Callable[[Command], None]

CHECKOUT = Path(__file__).resolve().parents[2]


class ToolFailed(Exception):
    """A tool could not do its part; the message holds what it said."""


@dataclass(frozen=True)
class Part:
    """One thing that is installed.

    Attributes:
        folder: it is all in here, and so is its stamp.
        sources: files that decide what is in it.
        is_movable: whether it works in another folder than the one in which it was made.
        install: makes it, whatever is there.
        program: in it, and gone when what it is a link to was removed or replaced.
    """

    name: str
    folder: Path
    stamp: Path
    sources: tuple[Path, ...]
    install: Callable[[], None]
    is_movable: bool = False
    program: Path | None = None

    def made_from(self) -> str:
        """What the stamp says when the part is as it should be."""
        digest = hashlib.sha256()
        for source in self.sources:
            digest.update(source.read_bytes())
        where = "anywhere" if self.is_movable else str(self.folder)
        return f"{digest.hexdigest()} {where}"

    @property
    def is_ready(self) -> bool:
        """Whether it is there, whole, and made from what is wanted now."""
        try:
            if self.program is not None and not self.program.exists():
                return False
            return self.stamp.read_text("utf-8", errors="surrogateescape") == self.made_from()
        except (OSError, UnicodeError):
            return False

    def make(self) -> None:
        """Install it; the stamp comes last, and all at once."""
        self.stamp.unlink(missing_ok=True)
        self.install()
        draft = self.stamp.with_name(self.stamp.name + ".draft")
        draft.write_text(self.made_from(), "utf-8", errors="surrogateescape")
        draft.replace(self.stamp)


@dataclass(frozen=True)
class Toolchain:
    """The parts of one checkout, in the order in which they need each other.

    Args:
        python: the interpreter that the virtual environments are made from.
        run: carries out a command, or raises ToolFailed.
        containers: whether the tools for containers are among the parts.
    """

    checkout: Path
    python: Path
    run: Run
    containers: bool = False

    @property
    def _venv(self) -> Path:
        return self.checkout / ".venv"

    @property
    def _emulator(self) -> Path:
        return self.checkout / ".venv-emulator"

    @property
    def _containers(self) -> Path:
        return self.checkout / ".venv-containers"

    @property
    def _bin(self) -> Path:
        return self._venv / "bin"

    def parts(self) -> Iterator[Part]:
        """Every part. What a part needs is among its sources, so that it is made again with it."""
        requirements = self.checkout / "requirements"
        bootstrap, emulator = requirements / "bootstrap.txt", requirements / "emulator.txt"
        packages, lock = self.checkout / "requirements.txt", self.checkout / "package-lock.json"
        yield Part(
            "Python packages",
            self._venv,
            self._venv / ".ready",
            (bootstrap, packages),
            self._install_packages,
            program=self._bin / "python",
        )
        yield Part(
            "offline engine",
            self._emulator,
            self._emulator / ".ready",
            (bootstrap, emulator),
            lambda: self._install_venv(self._emulator, emulator),
            program=self._emulator / "bin" / "python",
        )
        node_modules = self.checkout / "node_modules"
        yield Part(
            "CDK command line",
            node_modules,
            node_modules / ".ready",
            (lock,),
            lambda: self._install_node_modules(self.checkout),
            is_movable=True,
        )
        web = self.checkout / "web"
        yield Part(
            "console's tools",
            web / "node_modules",
            web / "node_modules" / ".ready",
            (web / "package-lock.json",),
            lambda: self._install_node_modules(web),
            is_movable=True,
        )
        if self.containers:
            containers = requirements / "containers.txt"
            yield Part(
                "tools for containers",
                self._containers,
                self._containers / ".ready",
                (bootstrap, containers),
                lambda: self._install_venv(self._containers, containers),
                program=self._containers / "bin" / "python",
            )

    @property
    def is_ready(self) -> bool:
        """Whether nothing is left to do."""
        return all(part.is_ready for part in self.parts()) and self._cdk_is_linked

    def set_up(self, say: Callable[[str], None]) -> None:
        """Make what is not ready.

        Raises:
            ToolFailed: with what the tool said. What was made before it stays.
        """
        for part in self.parts():
            if not part.is_ready:
                say(part.name)
                part.make()
        if not self._cdk_is_linked:
            link = self._bin / "cdk"
            link.unlink(missing_ok=True)
            link.symlink_to(Path("..", "..", "node_modules", ".bin", "cdk"))

    @property
    def _cdk_is_linked(self) -> bool:
        return (self._bin / "cdk").is_symlink()

    def _install_packages(self) -> None:
        """From nothing: a package that was half put in place cannot even be removed."""
        self.run([self.python, "-m", "venv", "--clear", self._venv])
        pip: Command = [self._bin / "python", "-m", "pip", "--disable-pip-version-check", "install"]
        lock = self.checkout / "requirements" / "bootstrap.txt"
        self.run([*pip, "--quiet", "--require-hashes", "-r", lock])
        self._sync(self._bin / "python", self.checkout / "requirements.txt")

    def _install_venv(self, folder: Path, lock: Path) -> None:
        python = self._bin / "python"
        venv: Command = ("venv", "--quiet", "--clear", "--python", python, folder)
        self.run([self._bin / "uv", *venv])
        self._sync(folder / "bin" / "python", lock)

    def _sync(self, python: Path, lock: Path) -> None:
        pip_sync: Command = ("pip", "sync", "--quiet", "--python", python, "--require-hashes", lock)
        self.run([self._bin / "uv", *pip_sync])

    def _install_node_modules(self, project: Path) -> None:
        """None of the packages has a script that anything here needs."""
        if (folder := project / "node_modules").is_dir():
            shutil.rmtree(folder)
        quiet: Command = ("--ignore-scripts", "--no-progress", "--loglevel", "error")
        self.run([self._bin / "npm", "ci", "--prefix", project, *quiet])


def run(command: Command) -> None:
    """Carry out a command in the checkout; what it says is shown only if it fails.

    Raises:
        ToolFailed: it failed, or could not be started.
    """
    words = [str(word) for word in command]
    try:
        process = subprocess.Popen(
            words,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            errors="replace",
            # Somebody's pip.conf may install everything beside their home; here it goes where it
            # belongs.
            env=os.environ | {"PIP_USER": "0"},
        )
    except OSError as error:
        raise ToolFailed(f"{words[0]} cannot be started: {error}") from error
    with process:
        said = _all_that_is_said(process)
    if process.returncode:
        told = said.strip() or "it said nothing"
        raise ToolFailed(f"exit status {process.returncode} of {' '.join(words)}:\n{told}")


def _all_that_is_said(process: subprocess.Popen[str]) -> str:
    """Until nobody writes any more, and so nobody works: npm starts a process of its own.

    An interrupted setup that ended sooner would leave it at work beside the next one.
    """
    assert process.stdout is not None
    try:
        return process.stdout.read()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)  # a terminal tells all of them, `kill` tells one
        process.stdout.read()
        raise


def main(arguments: Sequence[str] = tuple(sys.argv[1:])) -> int:
    """Set up, or only look; the exit status."""
    missing = missing_platform() if _containers_are_wanted() else None
    containers = _containers_are_wanted() and not missing
    toolchain = Toolchain(CHECKOUT, _base_python(), run, containers)
    if "--ready" in arguments:
        return 0 if toolchain.is_ready and not missing else 1
    try:
        # Two commands of make that begin at the same time do not do this twice.
        with Path(__file__).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            toolchain.set_up(lambda name: print(f"setup: {name}", flush=True))
        if missing:
            print(f"setup: {missing}", flush=True)
    except (ToolFailed, OSError) as error:
        print(
            f"setup: {error}\n\nsetup: not finished. Correct the cause, then run the same "
            "command again: it continues where this one ended.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("\nsetup: interrupted; run the same command again to continue.", file=sys.stderr)
        return 130
    return 0


def _containers_are_wanted() -> bool:
    """As make hands it on."""
    return os.environ.get("GIVEN_CONTAINERS") == "yes"


def _base_python() -> Path:
    """The interpreter itself, when a virtual environment's runs this: that one is made anew."""
    base: str = getattr(sys, "_base_executable", "") or sys.executable
    return Path(base)
