"""Where a deployed document comes from: its description names the commit and the content's hash."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.configuration.errors import HistoryUnknown

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
    """The commit that last changed the file, or ``uncommitted`` if the file is not as it left it.

    Raises:
        HistoryUnknown: git cannot tell; the message is git's own, or says that history is cut off.
    """
    if _git(path, "status", "--porcelain", "--", path.name):
        return UNCOMMITTED
    if _git(path, "rev-parse", "--is-shallow-repository") == "true":
        raise HistoryUnknown(
            "this checkout is shallow: the commits that changed a file may be missing, and git "
            "would name another one. Get them with `git fetch --unshallow`; in a workflow, with "
            "`fetch-depth: 0`"
        )
    return _git(path, "log", "-1", "--format=%H", "--", path.name) or UNCOMMITTED


def commit_if_known(path: Path) -> str:
    """The same; ``uncommitted`` where git cannot tell, as on a machine without git."""
    try:
        return commit_of(path)
    except HistoryUnknown:
        return UNCOMMITTED


def _git(path: Path, *command: str) -> str:
    try:
        answer = subprocess.run(
            ["git", "-C", str(path.parent), *command],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise HistoryUnknown(f"git cannot be run: {error}") from error
    if answer.returncode:
        raise HistoryUnknown(f"git cannot read this checkout: {answer.stderr.strip()}")
    return answer.stdout.strip()
