"""The environment of the container tools: whether it is there, and its programs."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.base.errors import OfflineError
from tools.base.workspace import CHECKOUT

FOLDER = CHECKOUT / ".venv-containers"
PYTHON = FOLDER / "bin" / "python"
ENVOY = FOLDER / "bin" / "envoy"
BUF = FOLDER / "bin" / "buf"
HOW = "make setup CONTAINERS=yes"


class ContainerToolsError(OfflineError):
    """The tools for containers are not there, or one of them refused its work."""


def is_there() -> bool:
    """Whether it was set up here."""
    return (FOLDER / ".ready").exists()


def run(command: Sequence[str | Path], cwd: Path = CHECKOUT) -> str:
    """Carry out one of its programs; what it printed.

    Raises:
        ContainerToolsError: it is not installed, or failed; with what it said.
    """
    if not is_there():
        raise ContainerToolsError(f"the tools for containers are not installed: {HOW}")
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        name = Path(command[0]).name
        raise ContainerToolsError(f"{name}: exit status {done.returncode}", tuple(said))
    return done.stdout
