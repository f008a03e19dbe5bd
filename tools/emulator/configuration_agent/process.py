"""Starts and stops the configuration agent of a workspace."""

from __future__ import annotations

from tools.base.workspace import Workspace
from tools.emulator.side_process import SideProcess

USUAL_PORT = 4620
POLL_SECONDS = "1"
"""Offline both ask often, the agent and the functions: who changes a flag wants to see it."""


class ConfigurationAgent(SideProcess):
    """The agent of one workspace: ``ConfigurationAgent(workspace).start(endpoint)``."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(
            workspace,
            module="tools.emulator.configuration_agent",
            record=workspace.configuration_agent_record,
            usual_port=USUAL_PORT,
        )

    def start(self, endpoint: str, *, until_gone: int | None = None) -> None:
        """Start it for the emulator at `endpoint`, unless it is running already.

        Raises:
            SideProcessError: it did not start.
        """
        if not self.is_running():
            self.launch(
                "--endpoint", endpoint, "--poll-seconds", POLL_SECONDS, until_gone=until_gone
            )
