"""Runs cfn-lint and checkov from an environment of their own: checkov pins an old boto3."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.checks.audit.errors import AuditError
from tools.checks.audit.findings import Finding, of_cfn_lint, of_checkov
from tools.toolchain.setup import CHECKOUT, Part, ToolFailed, run

FOLDER = CHECKOUT / ".venv-audit"
LOCK = CHECKOUT / "requirements" / "audit.txt"
FOUND_SOMETHING = {0, 1, 2, 4, 6, 8, 10, 12, 14}
"""What the tools exit with after they looked; cfn-lint's bits say what kinds it found."""


def install(say: Callable[[str], None]) -> None:
    """Install what the lock says, unless it is there.

    Raises:
        AuditError: with what the installer said.
    """
    python = FOLDER / "bin" / "python"
    part = Part("audit tools", FOLDER, FOLDER / ".ready", (LOCK,), _install, program=python)
    if part.is_ready:
        return
    say("audit: installing cfn-lint and checkov (once, 260 MB)")
    try:
        part.make()
    except ToolFailed as failed:
        raise AuditError(f"the tools could not be installed:\n{failed}") from failed


def findings(templates: Path) -> list[Finding]:
    """All that both tools find in the templates of a folder, ``{stack}.template.json``.

    Raises:
        AuditError: a tool failed.
    """
    files = sorted(templates.glob("*.template.json"))
    # In the regions of cdk.json, or each of the world's would be looked at.
    lint = _output(["cfn-lint", "--format", "json", "--", *map(str, files)])
    checks = _output(
        [
            "checkov",
            *("--directory", str(templates), "--framework", "cloudformation"),
            *("--output", "json", "--quiet", "--compact", "--skip-download"),
        ]
    )
    return [*of_cfn_lint(lint, templates), *of_checkov(checks)]


def _install() -> None:
    uv = CHECKOUT / ".venv" / "bin" / "uv"
    python = CHECKOUT / ".venv" / "bin" / "python"
    run([uv, "venv", "--quiet", "--clear", "--python", python, FOLDER])
    run(
        [
            *(uv, "pip", "sync", "--quiet", "--python", FOLDER / "bin" / "python"),
            *("--require-hashes", LOCK),
        ]
    )


def _output(command: Sequence[str]) -> str:
    tool, *arguments = command
    done = subprocess.run(
        [FOLDER / "bin" / tool, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/tmp")},  # noqa: S108
    )
    if done.returncode not in FOUND_SOMETHING:
        raise AuditError(f"{tool} failed ({done.returncode}): {done.stderr[-2000:]}")
    return done.stdout
