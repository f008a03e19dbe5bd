"""What a rename would write, worked out before the first file is touched."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from tools.base.errors import OfflineError
from tools.rename.texts import NotReversible, renamed


class CannotRename(OfflineError):
    """Nothing was written; the message says what is in the way."""


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


def plan(checkout: Path, texts: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    """The new text of each file that changes, formatted as `make format` would.

    Raises:
        CannotRename: a file holds the name in a way that could not be taken back.
    """
    changed = {}
    for path, text in texts.items():
        if old in path.lower():
            raise CannotRename(f"the file {path} is named after the product: rename it first")
        try:
            after = renamed(text, old, new)
        except NotReversible as error:
            raise CannotRename(f"{path} cannot be renamed: {error}") from error
        if after != text:
            changed[path] = after
    code = {path: text for path, text in changed.items() if path.endswith(".py")}
    changed |= _formatted(checkout, code)
    return changed | _as_before(checkout, {it: texts[it] for it in code}, old, new)


def _as_before(checkout: Path, code: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    """Code as it was before the last rename, if only that one has changed it.

    Lines that a long name has broken stay broken with a short one: no formatter knows which were.
    """
    last = git(checkout, "log", "-1", "--format=%H", '-G^name = "', "--", "pyproject.toml").strip()
    if not last or _fails(checkout, "rev-parse", "--verify", "--quiet", f"{last}^"):
        return {}
    project = tomllib.loads(git(checkout, "show", f"{last}^:pyproject.toml"))["project"]
    if project["name"] != new:
        return {}
    before = {
        path: git(checkout, "show", f"{last}^:{path}")
        for path in code
        if not _fails(checkout, "cat-file", "-e", f"{last}^:{path}")
    }
    there = {}
    for path, text in before.items():
        try:
            there[path] = renamed(text, new, old)
        except NotReversible:
            continue
    again = _formatted(checkout, there)
    return {path: before[path] for path, text in again.items() if text == code[path]}


def _formatted(checkout: Path, code: Mapping[str, str]) -> dict[str, str]:
    if not code:
        return {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in code.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        done = subprocess.run(
            [
                *(Path(sys.executable).with_name("ruff"), "format", "--quiet", "--no-cache"),
                *("--config", checkout / "pyproject.toml", folder),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CannotRename("the code could not be formatted", tuple(done.stderr.splitlines()))
        return {path: (folder / path).read_text("utf-8") for path in code}


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


def _fails(checkout: Path, *words: str) -> bool:
    try:
        git(checkout, *words)
    except CannotRename:
        return True
    return False
