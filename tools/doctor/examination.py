"""Looks at everything, says what was found, and counts what stops `make run`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.base import processes
from tools.doctor import checkout, machine
from tools.doctor.finding import FAIL, WARN
from tools.toolchain.setup import CHECKOUT, Toolchain, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.doctor.finding import Finding


def main() -> int:
    """Print every finding; the exit status."""
    found = examine(CHECKOUT, os.environ)
    for finding in found:
        print(finding)
    print(f"\ndoctor: {verdict(found)}")
    return exit_status(found)


def examine(folder: Path, environment: Mapping[str, str]) -> list[Finding]:
    """All that there is to find about this machine and a checkout."""
    toolchain = Toolchain(folder, Path(sys.executable), run)
    root = folder / ".local"
    recorded = checkout.recorded(root)
    return [
        *machine.findings(
            environment,
            checkout=folder,
            is_set_up=toolchain.is_ready,
            installed=_version_of(folder / ".venv" / "bin" / "python"),
            our_ports=recorded.values(),
        ),
        checkout.writable(
            folder,
            may_write=os.access(str(folder), os.W_OK | os.X_OK),
            may_execute=checkout.may_execute(folder),
        ),
        checkout.home(environment.get("HOME", "no HOME"), checkout.caches(environment.get)),
        *(checkout.environment(part) for part in toolchain.parts()),
        checkout.kept_here(root),
        checkout.left_over(
            root, processes.listing(), recorded, has_crashed=checkout.has_crashed(root)
        ),
        checkout.git(checkout.ask_git(folder), folder),
    ]


def exit_status(found: Sequence[Finding]) -> int:
    """1 if something stops `make run`: what only costs time or one command does not count."""
    return 1 if any(it.level == FAIL for it in found) else 0


def verdict(found: Sequence[Finding]) -> str:
    """What it all means."""
    fails = [it.about for it in found if it.level == FAIL]
    warns = [it.about for it in found if it.level == WARN]
    if fails:
        return f"`make run` will not work: {', '.join(fails)}."
    if warns:
        return f"`make run` works; look at {', '.join(warns)}."
    return "all is well."


def _version_of(python: Path) -> tuple[int, ...] | None:
    """Of an interpreter, or nothing if it cannot be started."""
    code = "import sys; print(*sys.version_info[:3])"
    try:
        said = subprocess.run(
            [str(python), "-E", "-s", "-S", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return tuple(map(int, said.split()))
