"""Where a checkout keeps what it runs offline: everything is under one git-ignored folder."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.errors import OfflineError

CHECKOUT = Path(__file__).resolve().parent.parent


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
    def state(self) -> Path:
        """What the emulator keeps over a restart, when it is asked to."""
        return self.root / "state"

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
    def outputs(self) -> Path:
        return self.root / "outputs.json"

    @property
    def demo_password(self) -> Path:
        return self.root / "demo-password"

    def forget(self) -> None:
        """Remove everything that was kept here, and nothing that somebody else put here."""
        for kept in (self.scratch, self.state, self.offline_assembly):
            shutil.rmtree(kept, ignore_errors=True)
        for kept in (
            self.emulator_record,
            self.emulator_log,
            *self.root.glob("payment-provider-*"),
            self.configuration_agent_record,
            self.configuration_agent_log,
            self.outputs,
            self.demo_password,
            self._lock,
        ):
            kept.unlink(missing_ok=True)

    @property
    def _lock(self) -> Path:
        return self.root / "lock"

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Keep a second `up` or `down` of the same workspace out.

        Raises:
            OfflineError: another command is at work in this workspace.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with self._lock.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OfflineError(
                    f"another command is already at work in {self.root}; wait until it is done"
                ) from error
            yield
