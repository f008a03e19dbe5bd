"""The texts of a checkout: those that are there, and those that a difference deletes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

LARGEST = 400_000
"""Bytes. What is longer is data that no person wrote."""


@dataclass(frozen=True)
class Files:
    """Texts by path from the root. What is deleted is here, so that who knew it is found."""

    texts: Mapping[str, str]
    deleted: frozenset[str] = frozenset()

    @cached_property
    def python(self) -> dict[str, str]:
        """The texts of modules."""
        return {path: text for path, text in self.texts.items() if path.endswith(".py")}

    @cached_property
    def modules(self) -> dict[str, str]:
        """The path of each module by the name that it is imported by."""
        return {_module(path): path for path in self.python}

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder in which there is a file."""
        return frozenset(
            path[:end] for path in self.texts for end, it in enumerate(path) if it == "/"
        )

    def under(self, folder: str) -> Iterable[str]:
        """The paths of all that is in a folder."""
        return (it for it in self.texts if it.startswith(f"{folder}/"))


def read(checkout: Path, deleted: Mapping[str, str]) -> Files:
    """All that git tracks or would track. What is no text, or is too large, counts as empty."""
    listed = subprocess.run(
        ["git", "-C", str(checkout), "ls-files", "-z", "-co", "--exclude-standard"],
        capture_output=True,
        check=True,
    ).stdout.decode("utf-8", "replace")
    texts = {path: _text(checkout / path) for path in listed.split("\0") if path}
    there = {path: text for path, text in texts.items() if text is not None}
    return Files(there | dict(deleted), frozenset(deleted))


def _text(file: Path) -> str | None:
    try:
        content = file.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    return "" if len(content) > LARGEST else content.decode("utf-8", "replace")


def _module(path: str) -> str:
    name = path.removesuffix(".py").removeprefix("lambdas/").removeprefix("containers/")
    return name.replace("/", ".").removesuffix(".__init__")
