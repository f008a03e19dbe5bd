"""A Chromium for the screens' tests that a user without root has, wherever the tests run.

On Linux for x64 it comes from npm, unpacked into .cache; on other Linux machines it is the
distribution's, on macOS the Chrome that is installed. CHROMIUM=/path names another one.
`python -m tests.support.chromium` prints which it is, and fails where there is none.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from bundling.workspace import ROOT, command_line_tool
from tools.toolchain.setup import Part, run

HERE = ROOT / "tests" / "browser"
UNPACKED = ROOT / ".cache" / "chromium"
ON_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
OF_DISTRIBUTIONS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--font-render-hinting=none")
"""A container lets nobody make the sandbox's own namespaces; these pages are ours."""

NONE = "NO CHROMIUM: the console's screens are not tested here; name one with CHROMIUM=/path"


def chromium() -> Path | None:
    """The program; None where there is none."""
    if named := os.environ.get("CHROMIUM"):
        return Path(named)
    if platform.system() == "Darwin":
        return ON_MACOS if ON_MACOS.exists() else None
    if platform.machine() == "x86_64":
        return _of_npm()
    found = next(filter(None, map(shutil.which, OF_DISTRIBUTIONS)), None)
    return Path(found) if found else None


def libraries() -> dict[str, str]:
    """What a bare Linux machine lacks comes with the npm package; what it has is its own."""
    folder = UNPACKED / "al2023" / "lib"
    before = os.environ.get("LD_LIBRARY_PATH")
    return {"LD_LIBRARY_PATH": f"{before}:{folder}" if before else str(folder)}


def axe() -> str:
    """The source of axe-core, which judges whether everybody can use a page."""
    _install_packages()
    return (HERE / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def _of_npm() -> Path:
    _install_packages()
    return UNPACKED / "chromium"


def _install_packages() -> None:
    """Once, whoever comes first: tests run in several processes."""
    modules = HERE / "node_modules"
    part = Part(
        "Chromium for the screens' tests",
        modules,
        modules / ".ready",
        (HERE / "package-lock.json", HERE / "unpack.mjs"),
        lambda: _install(modules),
        program=UNPACKED / "chromium" if platform.machine() == "x86_64" else None,
    )
    with (HERE / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not part.is_ready:
            part.make()


def _install(modules: Path) -> None:
    shutil.rmtree(modules, ignore_errors=True)
    npm = command_line_tool("npm")
    run([npm, "ci", "--prefix", HERE, "--ignore-scripts", "--no-progress", "--loglevel", "error"])
    if platform.system() == "Linux" and platform.machine() == "x86_64":
        shutil.rmtree(UNPACKED, ignore_errors=True)
        UNPACKED.mkdir(parents=True)
        subprocess.run(
            [command_line_tool("node"), str(HERE / "unpack.mjs")],
            check=True,
            capture_output=True,
            env=os.environ | {"TMPDIR": str(UNPACKED)},
        )


def main() -> None:
    """Print the program, or end with one line that says that there is none."""
    found = chromium()
    if found is None:
        sys.exit(NONE)
    print(found)  # noqa: T201


if __name__ == "__main__":
    main()
