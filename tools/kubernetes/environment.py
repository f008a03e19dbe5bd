"""The environment in which manifests are judged: 60 MB that nothing else of the project needs."""

from __future__ import annotations

import sys

from tools.toolchain.setup import CHECKOUT, Part, run

FOLDER = CHECKOUT / ".venv-kubernetes"
LOCK = CHECKOUT / "requirements" / "kubernetes.txt"
PYTHON = FOLDER / "bin" / "python"
KUBECTL = FOLDER / "bin" / "kubectl"


def install() -> None:
    """Install what the lock says, unless it is there.

    Raises:
        ToolFailed: with what the installer said.
    """
    part = Part("Kubernetes tools", FOLDER, FOLDER / ".ready", (LOCK,), _install, program=PYTHON)
    if part.is_ready:
        return
    print("installing what manifests are judged with (once, 60 MB)", file=sys.stderr)
    part.make()


def _install() -> None:
    uv = CHECKOUT / ".venv" / "bin" / "uv"
    python = CHECKOUT / ".venv" / "bin" / "python"
    run([uv, "venv", "--quiet", "--clear", "--python", python, FOLDER])
    run(
        [
            *(uv, "pip", "sync", "--quiet", "--no-progress", "--python", PYTHON),
            *("--require-hashes", LOCK),
        ]
    )
