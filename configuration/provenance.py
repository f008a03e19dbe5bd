"""Where a deployed document comes from: its description names the commit and the content's hash."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

UNCOMMITTED = "uncommitted"
_DESCRIPTION = re.compile(r"commit ([0-9a-f]{40}|uncommitted) sha256 ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Provenance:
    """``commit`` is the one that last changed the file, or ``uncommitted``."""

    commit: str
    sha256: str

    def __str__(self) -> str:
        return f"commit {self.commit} sha256 {self.sha256}"


def described(description: str) -> Provenance | None:
    """What a description says, if `config-apply` wrote it."""
    match = _DESCRIPTION.fullmatch(description)
    return Provenance(match[1], match[2]) if match else None


def commit_of(path: Path) -> str:
    """The commit that last changed the file, if the file is as that commit left it.

    Without git, or with changes that are in no commit, it is ``uncommitted``.
    """
    if _git(path, "status", "--porcelain") != "":
        return UNCOMMITTED
    return _git(path, "log", "-1", "--format=%H") or UNCOMMITTED


def _git(path: Path, *command: str) -> str | None:
    """What git says about a file; None if there is no git or no repository."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(path.parent), *command, "--", path.name],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()
