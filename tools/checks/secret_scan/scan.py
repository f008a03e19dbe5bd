"""Looks through files, and says where something was found without saying what."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.checks.secret_scan.allowlist import Allowlist
from tools.checks.secret_scan.contents import contents
from tools.checks.secret_scan.detection import suspicions

CHECKOUT = Path(__file__).resolve().parents[3]
_LEFT_OUT = {
    ".venv",
    ".venv-emulator",
    "node_modules",
    ".git",
    ".build",
    ".cache",
    ".local",
    "cdk.out",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A credential that should not be where it is; it is not shown itself."""

    place: str
    line: int
    kind: str

    def __str__(self) -> str:
        return f"{self.place}:{self.line}: {self.kind}"


def scan(
    paths: Iterable[Path], allowlist: Allowlist, deployed: frozenset[str] = frozenset()
) -> list[Finding]:
    """What was found in these files, by place.

    Args:
        deployed: values of deployed secrets, which must not be anywhere.

    Raises:
        ScanError: a file cannot be read.
    """
    found: set[Finding] = set()
    seen: set[bytes] = set()
    for path in paths:
        for content in contents(path, _place(path)):
            digest = hashlib.sha256(f"{Path(content.place).suffix}\0{content.text}".encode())
            if digest.digest() in seen:  # every package holds what services share
                continue
            seen.add(digest.digest())
            for it in suspicions(content.place, content.text, deployed):
                if not allowlist.allows(content.place, it):
                    found.add(Finding(content.place, it.line, it.kind))
    return sorted(found, key=lambda it: (it.place, it.line, it.kind))


def code() -> list[Path]:
    """Every file of the checkout that is, or could be, committed."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=CHECKOUT,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):  # no git, or a checkout without its history
        files = set(_files(CHECKOUT))
    else:
        files = {CHECKOUT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name}
    return sorted(it for it in files if it.is_file())


def made_here() -> list[Path]:
    """What was built, synthesized and logged in the checkout, as far as there is any."""
    return sorted(
        path
        for pattern in (
            ".build/*/*.zip",
            ".local/*.log",
            ".local/cdk.out/*.json",
            "cdk.out/*.json",
        )
        for path in CHECKOUT.glob(pattern)
        if path.is_file()
    )


def under(path: Path) -> list[Path]:
    """A file, or every file in a folder."""
    return sorted(_files(path)) if path.is_dir() else [path]


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = [it for it in folders if it not in _LEFT_OUT and it != "__pycache__"]
        yield from (Path(root, file) for file in files)


def _place(path: Path) -> str:
    absolute = path.resolve()
    inside = absolute.is_relative_to(CHECKOUT)
    return (absolute.relative_to(CHECKOUT) if inside else path).as_posix()
