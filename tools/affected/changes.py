"""What has changed since a base, as git sees it: committed, staged, not staged and not tracked."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.affected.errors import NoDifference

MAIN = ("main", "origin/main")
"""Where a branch is taken to begin, if nobody says."""


@dataclass(frozen=True)
class Changes:
    """Paths from the checkout's root, and the text that deleted ones had at the base."""

    base: str
    """The commit that the checkout is compared with."""
    paths: frozenset[str]
    deleted: dict[str, str]


def since(base: str | None, checkout: Path) -> Changes:
    """The difference between the checkout, as it lies on the disk, and where it left ``base``.

    A renamed file is one that is deleted and one that is new.

    Raises:
        NoDifference: this is no checkout of git, there is no such commit, or nothing connects it
            with what is checked out, as in a shallow clone.
    """
    start = _start(base, checkout)
    changed = _paths(checkout, "diff", "--name-only", "--no-renames", "-z", start, "--")
    deleted = _paths(
        checkout, "diff", "--name-only", "--no-renames", "--diff-filter=D", "-z", start, "--"
    )
    new = _paths(checkout, "ls-files", "--others", "--exclude-standard", "-z")
    return Changes(
        start,
        frozenset(changed) | frozenset(new),
        {path: _shown(checkout, start, path) for path in deleted if path not in new},
    )


def _start(base: str | None, checkout: Path) -> str:
    if _git(checkout, "rev-parse", "--git-dir").returncode:
        raise NoDifference(f"{checkout} is no git repository, so nothing says what has changed")
    tried = (base,) if base is not None else MAIN
    named = next((it for it in tried if _commit(checkout, it)), None)
    if named is None:
        raise NoDifference(
            f"git knows no commit {' or '.join(map(repr, tried))}: name a branch, a tag or a "
            "commit that is in this clone, such as BASE=origin/main"
        )
    found = _git(checkout, "merge-base", _commit(checkout, named), "HEAD")
    if found.returncode:
        raise NoDifference(
            f"{named!r} and HEAD have no commit in common; is this clone shallow? "
            "`git fetch --unshallow` gets the rest"
        )
    return _text(found).strip()


def _commit(checkout: Path, name: str) -> str:
    if "\0" in name:
        return ""
    arguments = ("--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    found = _text(_git(checkout, "rev-parse", *arguments)).split()
    return found[0] if len(found) == 1 else ""  # `a..b` is two


def _paths(checkout: Path, *command: str) -> list[str]:
    done = _git(checkout, *command)
    if done.returncode:
        raise NoDifference("git cannot tell what has changed", tuple(_errors(done).splitlines()))
    return [it for it in _text(done).split("\0") if it]


def _shown(checkout: Path, commit: str, path: str) -> str:
    return _text(_git(checkout, "show", f"{commit}:{path}"))


def _git(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(checkout), "-c", "core.quotePath=false", *arguments]
    return subprocess.run(command, capture_output=True, check=False)


def _text(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stdout.decode("utf-8", "replace")


def _errors(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode("utf-8", "replace")
