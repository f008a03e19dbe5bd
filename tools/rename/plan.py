"""What a rename would write, worked out before the first file is touched."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.base.errors import OfflineError
from tools.rename.ids import Unexplained
from tools.rename.snapshots import renamed_snapshots
from tools.rename.texts import NotReversible, renamed


class CannotRename(OfflineError):
    """Nothing was written; the message says what is in the way."""


@dataclass(frozen=True)
class Plan:
    """What would be written.

    Attributes:
        changes: the new text of each file that changes.
        needs_synthesis: why the snapshots have to be made by a synthesis; None if they need not.
    """

    changes: Mapping[str, str]
    needs_synthesis: str | None


def tracked_texts(checkout: Path) -> dict[str, str]:
    """Every text that git tracks, by its path; what is no text holds no name.

    Raises:
        CannotRename: there is no git, or something is not committed: git is the way back.
    """
    if changes := git(checkout, "status", "--porcelain"):
        raise CannotRename(
            "the working tree is not clean. Commit or stash first (after a rename that was "
            "interrupted: `git restore .`), so that git can bring back what was here",
            tuple(changes.splitlines()[:10]),
        )
    found = {}
    for path in git(checkout, "ls-files", "-z").split("\0"):
        file = checkout / path
        if path and file.is_file() and not file.is_symlink():
            try:
                with file.open(encoding="utf-8", newline="") as opened:
                    found[path] = opened.read()
            except UnicodeDecodeError:
                continue
    return found


def plan(texts: Mapping[str, str], old: str, new: str) -> Plan:
    """What a rename of these texts would write.

    Raises:
        CannotRename: a file holds the name in a way that could not be taken back.
    """
    after = {}
    for path, text in texts.items():
        if old in path.lower():
            raise CannotRename(f"the file {path} is named after the product: rename it first")
        try:
            after[path] = renamed(text, old, new)
        except NotReversible as error:
            raise CannotRename(f"{path} cannot be renamed: {error}") from error
    why = None
    try:
        after |= renamed_snapshots(texts, old, new)
    except Unexplained as error:
        why = str(error)
    return Plan({path: text for path, text in after.items() if text != texts[path]}, why)


def git(checkout: Path, *words: str) -> str:
    """What git says.

    Raises:
        CannotRename: it is not there, or failed.
    """
    try:
        done = subprocess.run(
            ["git", *words], cwd=checkout, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise CannotRename(f"git is needed, as it is the way back: {error}") from error
    if done.returncode:
        raise CannotRename("git is needed, as it is the way back", tuple(done.stderr.splitlines()))
    return done.stdout
