"""Where a checkout keeps what it runs offline: everything is under one git-ignored folder.

Keys that sign tokens, passwords, logs and books are among it, so that only its owner may read it,
whatever the umask.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tools.base.errors import OfflineError, WorkspaceBusyError

CHECKOUT = Path(__file__).resolve().parents[2]
OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""What the owner's group and everybody else may do: nothing. It is a umask, too."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder `.local/` of a checkout, or a folder of its own for a test."""

    root: Path = CHECKOUT / ".local"

    @property
    def emulator_record(self) -> Path:
        return self.root / "emulator.json"

    @property
    def emulator_log(self) -> Path:
        return self.root / "emulator.log"

    @property
    def scratch(self) -> Path:
        """The emulator's temporary folder: unpacked functions live here while it runs."""
        return self.root / "scratch"

    @property
    def calls_record(self) -> Path:
        """What IAM was asked, where permissions are enforced."""
        return self.root / "calls.jsonl"

    @property
    def state(self) -> Path:
        """What the emulator keeps over a restart, when it is asked to."""
        return self.root / "state"

    @property
    def last_save(self) -> Path:
        """The state as it was a moment ago, for when the emulator ends without saving it.

        While a new one takes its place, for a moment, it is the one before.
        """
        saved, before = self.root / "state.saved", self.root / "state.before"
        return saved if saved.exists() or not before.exists() else before

    @property
    def clean_end(self) -> Path:
        """There if the emulator has ended in order: then the state is whole."""
        return self.state / "ended-in-order"

    @property
    def offline_assembly(self) -> Path:
        return self.root / "cdk.offline"

    def payment_provider_record(self, name: str) -> Path:
        """Of the provider that is called ``primary`` or ``backup``."""
        return self.root / f"payment-provider-{name}.json"

    @property
    def configuration_agent_record(self) -> Path:
        return self.root / "configuration-agent.json"

    @property
    def configuration_agent_log(self) -> Path:
        return self.root / "configuration-agent.log"

    @property
    def faults_record(self) -> Path:
        """Of the process that causes faults; its note of what to undo is beside it."""
        return self.root / "faults.json"

    @property
    def faults_note(self) -> Path:
        return self.root / "faults-to-undo.json"

    @property
    def soak_note(self) -> Path:
        """Which faults `make soak` has on."""
        return self.root / "soak-faults.json"

    @property
    def trace_receiver_record(self) -> Path:
        return self.root / "trace-receiver.json"

    @property
    def pricing(self) -> Path:
        """Logs, certificates and ports of pricing's servers and of Envoy."""
        return self.root / "pricing"

    @property
    def receivers_authority(self) -> Path:
        """Whose certificates partners' receivers on this machine have."""
        return self.pricing / "authority.pem"

    @property
    def partners(self) -> Path:
        """Logs, ports and configuration of the partners service and of its gateway."""
        return self.root / "partners"

    @property
    def mesh(self) -> Path:
        """Logs and ports of what stands before inventory's function in the mesh."""
        return self.root / "mesh"

    @property
    def development_lock(self) -> Path:
        """Held by the one `make dev` that keeps this workspace up to date."""
        return self.root / "development.lock"

    @property
    def outputs(self) -> Path:
        return self.root / "outputs.json"

    @property
    def demo_password(self) -> Path:
        return self.root / "demo-password"

    @property
    def operator(self) -> Path:
        """Address, user and password of the console, for tests from outside."""
        return self.root / "operator.json"

    def prepare(self) -> None:
        """Make the folder, for its owner alone. If others may enter it, it is closed to them.

        Raises:
            OfflineError: it cannot be closed, as it is somebody else's or for everybody.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = self.root.stat()
        if not found.st_mode & OTHERS:
            return
        if found.st_uid != os.getuid() or found.st_mode & stat.S_ISVTX:
            raise OfflineError(
                f"{self.root} is open to other users and not yours to close, and keys and "
                "passwords would be kept there: choose a folder of your own with --workspace"
            )
        _close(self.root)
        for folder in self._folders:
            for kept in folder.rglob("*"):
                _close(kept)
        for kept in (*self._folders, *self._files):
            _close(kept)

    def forget(self) -> None:
        """Remove everything that was kept here, and nothing that somebody else put here."""
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        for file in self._files:
            file.unlink(missing_ok=True)

    @property
    def _folders(self) -> tuple[Path, ...]:
        return self.scratch, self.state, self.offline_assembly, self.pricing, self.partners

    @property
    def _files(self) -> tuple[Path, ...]:
        return (
            self.emulator_record,
            self.emulator_log,
            *self.root.glob("payment-provider-*"),
            *self.root.glob("trace-receiver.*"),
            self.configuration_agent_record,
            self.configuration_agent_log,
            self.calls_record,
            self.faults_record,
            self.faults_record.with_suffix(".log"),
            self.faults_note,
            self.soak_note,
            self.outputs,
            self.demo_password,
            self.operator,
            self.development_lock,
            self._lock,
        )

    @property
    def _lock(self) -> Path:
        return self.root / "lock"

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Keep a second `up` or `down` of the same workspace out.

        Raises:
            WorkspaceBusyError: another command is at work in this workspace.
        """
        self.prepare()
        with open_private(self._lock) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise WorkspaceBusyError(
                    f"another command is already at work in {self.root}; wait until it is done"
                ) from error
            yield


def open_private(file: Path, *, anew: bool = False) -> BinaryIO:
    """Open for writing a file that its owner alone may read; ``anew`` begins another one."""
    if anew:
        file.unlink(missing_ok=True)
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "wb")


def write_private(file: Path, text: str) -> None:
    """Replace a file in one step by one that its owner alone may read."""
    draft = file.with_suffix(".draft")
    with open_private(draft, anew=True) as written:
        written.write(text.encode())
    draft.replace(file)


def _close(path: Path) -> None:
    with suppress(FileNotFoundError):  # what runs here may remove its files meanwhile
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS)
