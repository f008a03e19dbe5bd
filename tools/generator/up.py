"""What runs on this machine while a service is made or removed, and how it gets the new state."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console

from tools.base.assembly import synthesized
from tools.base.errors import OfflineError, SynthesisError
from tools.base.workspace import CHECKOUT, Workspace
from tools.dev.warm import WarmApp
from tools.emulator.emulator import Emulator


@dataclass(frozen=True)
class Up:
    """What runs here, and a process that has loaded the CDK for it meanwhile."""

    emulator: Emulator
    app: WarmApp

    def deploy(self, console: Console) -> None:
        """Bring what is up here to the state of the checkout."""
        console.print()
        program = ["-m", "tools.local", "up", *(["--auth"] if self.emulator.auth else [])]
        program += ["--persist"] if self.emulator.persistence else []
        try:
            with synthesized(run_app=self.app.run):
                pass  # what comes next finds it
        except SynthesisError as error:
            raise OfflineError(f"the files are written, and {error}", error.evidence) from error
        if subprocess.run([sys.executable, *program], cwd=CHECKOUT, check=False).returncode:
            raise OfflineError(
                "the files are written, and the running system refused them: correct the error "
                "above, then `make up`"
            )


@contextmanager
def what_is_up() -> Iterator[Up | None]:
    """What the new state of the checkout is deployed to, if anything is up."""
    emulator = Emulator.of(Workspace())
    if not emulator.is_healthy():
        yield None
        return
    with WarmApp() as app:
        yield Up(emulator, app)
