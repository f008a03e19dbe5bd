"""Where sources, tools and finished packages lie."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from bundling.errors import AssetMissing, ToolMissing

TargetName = Literal["cloud", "local"]
TARGET_NAMES: tuple[TargetName, ...] = get_args(TargetName)

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Workspace:
    """The folders of one build: `tools` holds node_modules and the virtual environments."""

    sources: Path = ROOT / "lambdas"
    build: Path = ROOT / ".build"
    tools: Path = ROOT

    @property
    def pyodide(self) -> Path:
        return _installed(self.tools / "node_modules" / "pyodide", "node_modules/pyodide")

    @property
    def emulator_python(self) -> Path:
        folder = self.tools / ".venv-emulator"
        windows = folder / "Scripts" / "python.exe"
        python = windows if windows.exists() else folder / "bin" / "python"
        return _installed(python, "the emulator's interpreter (.venv-emulator)")

    def zip_of(self, service: str, target: TargetName) -> Path:
        return self.build / target / f"{service}.zip"

    def digest_of(self, service: str, target: TargetName) -> Path:
        return self.build / target / f"{service}.digest"


def asset_path(service: str, target: TargetName, workspace: Workspace | None = None) -> Path:
    """The finished zip of a service, for a stack's `Code.from_asset`; builds nothing.

    Raises AssetMissing if there is none yet.
    """
    path = (workspace or Workspace()).zip_of(service, target)
    if not path.exists():
        raise AssetMissing(service, target)
    return path


def command_line_tool(name: str) -> str:
    """A tool of the virtual environment that runs us, whether it is active or not."""
    own_scripts = str(Path(sys.executable).parent)
    found = shutil.which(name, path=own_scripts) or shutil.which(name)
    if found is None:
        raise ToolMissing(name)
    return found


def _installed(path: Path, name: str) -> Path:
    if not path.exists():
        raise ToolMissing(name)
    return path
