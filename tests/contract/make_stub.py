"""A folder with the Makefile in which every tool only writes down how it was called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("python", "uv", "npm", "ruff", "cdk")
# Ends each word with a NUL and each call with an empty word: a newline is a word's own.
_TOOL = """#!/bin/sh
{ printf '%s\\0' "${0##*/}" "$@"; printf '\\0'; } >> "$CALLS"
env -0 >> "$CALLS.environment"
"""


@dataclass(frozen=True)
class StubbedCheckout:
    """A checkout that is set up, with stubs for its tools."""

    folder: Path
    make: str

    @classmethod
    def at(cls, folder: Path, make: str = "make") -> StubbedCheckout:
        """Make one in an empty folder."""
        shutil.copy(ROOT / "Makefile", folder)
        (folder / ".venv" / "bin").mkdir(parents=True)
        for tool in TOOLS:
            path = folder / ".venv" / "bin" / tool
            path.write_text(_TOOL)
            path.chmod(0o755)
        return cls(folder, make)

    def run(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`make` with these arguments, and nothing of this process's environment but its path."""
        variables = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
            "HOME": str(self.folder),
            "CALLS": str(self.folder / "calls"),
        }
        return subprocess.run(
            [self.make, "--no-print-directory", *arguments],
            cwd=self.folder,
            env=variables | dict(environment or {}),
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[list[str]]:
        """Each call of a tool, by its words, but the look whether setup is done; forgets them."""
        path = self.folder / "calls"
        text = path.read_text("utf-8") if path.exists() else ""
        path.unlink(missing_ok=True)
        calls = [call.split("\0") for call in text.split("\0\0") if call]
        return [call for call in calls if call[-1] != "--ready"]

    def environment(self) -> dict[str, str]:
        """What the tools found in their environment."""
        text = (self.folder / "calls.environment").read_text("utf-8")
        return dict(line.partition("=")[::2] for line in text.split("\0") if line)
