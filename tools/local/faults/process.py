"""Starts and stops the fault process of a workspace."""

from __future__ import annotations

import time

from tools.base.workspace import Workspace
from tools.emulator.side_process import SideProcess

USUAL_PORT = 4630
SECONDS = 120.0
"""How long a fault lasts, if nobody undoes it before."""
END_SECONDS = 10.0


class FaultProcess(SideProcess):
    """The fault process of one workspace: ``FaultProcess(workspace).start()``."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(
            workspace,
            module="tools.local.faults",
            record=workspace.faults_record,
            usual_port=USUAL_PORT,
        )

    def start(self, *, seconds: float = SECONDS, until_gone: int | None = None) -> None:
        """Start it, unless it is running already; it first undoes what one before it left on.

        Raises:
            SideProcessError: it did not start.
        """
        if not self.is_running():
            self.launch(
                *("--workspace", str(self.workspace.root), "--seconds", str(seconds)),
                until_gone=until_gone,
            )

    def stop(self) -> None:
        """End it, and wait while it undoes what is on; who is late undoes it at the next start."""
        super().stop()
        deadline = time.monotonic() + END_SECONDS
        while self.is_running() and time.monotonic() < deadline:
            time.sleep(0.05)
