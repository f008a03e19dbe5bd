"""The two places that packages are built for, and the Python that packs for each."""

import json
import platform
import sys
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from bundling.pack import QUICKEST
from bundling.workspace import TargetName, Workspace, command_line_tool

HERE = Path(__file__).parent
PACKER = HERE / "pack.py"
PYODIDE_HOST = HERE / "pack_in_pyodide.mjs"


class Target(Protocol):
    """What differs between packages for the cloud and packages for the emulator."""

    name: TargetName
    platform: str

    def fingerprint(self) -> str:
        """What decides a zip's bytes besides its sources. Starts no process: it must be fast."""

    def install_options(self) -> list[str]:
        """For `uv pip install`: which wheels fit."""

    def pack_command(self, staging: Path) -> list[str]:
        """Runs pack.py under the target's Python on every folder in `staging`."""


class Cloud:
    """AWS Lambda: arm64 and Python 3.13.

    Byte code must come from the runtime's own Python, which few machines have at hand, and the
    deflate of two machines may differ. Pyodide, which npm installs, is CPython 3.13 with its own
    zlib: it packs here, always, so that every machine makes the same bytes.
    """

    name: TargetName = "cloud"
    platform = "aarch64, Python 3.13"

    def __init__(self, workspace: Workspace) -> None:
        self._pyodide = workspace.pyodide

    def fingerprint(self) -> str:
        package = json.loads((self._pyodide / "package.json").read_text("utf-8"))
        return f"{self.platform} pyodide {package['version']} {_how_we_pack()}"

    def install_options(self) -> list[str]:
        wheels = ["--python-platform", "aarch64-manylinux2014", "--python-version", "3.13"]
        return ["--python", sys.executable, *wheels]  # named, so that uv does not look for one

    def pack_command(self, staging: Path) -> list[str]:
        node = command_line_tool("node")
        return [node, *map(str, (PYODIDE_HOST, self._pyodide, PACKER, staging))]


class Local:
    """The emulator, whose own interpreter runs the functions, whatever Runtime they ask for."""

    name: TargetName = "local"
    platform = "this machine and the emulator's Python"

    def __init__(self, workspace: Workspace) -> None:
        self._python = workspace.emulator_python

    def fingerprint(self) -> str:
        environment = (self._python.parent.parent / "pyvenv.cfg").read_text("utf-8")
        return f"{platform.platform()} {environment} {self._python.resolve()} {_how_we_pack()}"

    def install_options(self) -> list[str]:
        return ["--python", str(self._python)]

    def pack_command(self, staging: Path) -> list[str]:
        return [str(self._python), "-I", "-S", str(PACKER), str(staging), str(QUICKEST)]


def target_named(name: TargetName, workspace: Workspace) -> Target:
    """Raises ToolMissing if what the target packs with is not installed."""
    return Cloud(workspace) if name == "cloud" else Local(workspace)


def _how_we_pack() -> str:
    ours = sorted(path for path in HERE.iterdir() if path.suffix in {".py", ".mjs"})
    return sha256(b"\0".join(path.read_bytes() for path in ours)).hexdigest()
