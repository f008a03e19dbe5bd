"""Where sources, tools and finished packages lie."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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


_empty: Path | None = None
EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


@contextmanager
def unbuilt() -> Iterator[None]:
    """Within it, `asset_path` gives one empty zip for all services.

    For templates that are read and never deployed: they differ in the digests of packages alone,
    and nobody need wait until those are built.
    """
    global _empty
    with tempfile.TemporaryDirectory() as folder:
        before, _empty = _empty, Path(folder) / "empty.zip"
        _empty.write_bytes(EMPTY_ZIP)
        try:
            yield
        finally:
            _empty = before


def asset_path(service: str, target: TargetName, workspace: Workspace | None = None) -> Path:
    """The finished zip of a service, for a stack's `Code.from_asset`; builds nothing.

    Raises AssetMissing if there is none yet.
    """
    if _empty:
        return _empty
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
