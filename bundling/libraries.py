"""Installs the libraries of a lock file once, for every service that pins the same ones."""

import subprocess
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from bundling.errors import LibrariesNotInstallable, NameTaken
from bundling.sources import SHARED, Package
from bundling.targets import Target
from bundling.workspace import Workspace, command_line_tool

# Written by the installer for itself. Licences and METADATA, which importlib.metadata reads, stay.
INSTALLERS_OWN = {"RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", "uv_cache.json"}


def library_files(package: Package, target: Target, workspace: Workspace) -> dict[str, Path]:
    """The files of a package's libraries: path inside the zip -> where it lies now.

    Raises LibrariesNotInstallable, NameTaken, ToolMissing.
    """
    if not package.lock:
        return {}
    folder = _installed(package, target, workspace)
    files = {path.relative_to(folder).as_posix(): path for path in _kept(folder)}
    for name in sorted({SHARED, *(path.split("/")[0] for path in package.files)}):
        if any(path.split("/")[0] in {name, f"{name}.py"} for path in files):
            raise NameTaken(package.service, name)
    return files


def _installed(package: Package, target: Target, workspace: Workspace) -> Path:
    key = sha256(f"{target.fingerprint()}\n{package.lock}".encode()).hexdigest()[:16]
    folder = workspace.build / "libraries" / f"{target.name}-{key}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as temporary:
        installing = Path(temporary) / "libraries"
        _install(package, target, installing)
        try:
            installing.rename(folder)
        except OSError:  # another build was faster, and its copy is as good
            if not folder.exists():
                raise
    return folder


def _install(package: Package, target: Target, folder: Path) -> None:
    lock = folder.with_name("requirements.txt")
    lock.write_text(package.lock, "utf-8")
    command = [
        *(command_line_tool("uv"), "pip", "install", "--quiet", "--no-progress"),
        *("--require-hashes", "--only-binary", ":all:", "--target", str(folder)),
        *target.install_options(),
        *("--requirement", str(lock)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LibrariesNotInstallable(package.service, target.platform, done.stderr.strip())


def _kept(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        left_out = (
            inside.parts[0] == "bin"
            or inside.name.startswith(".")
            or inside.suffix in {".pyc", ".pyi"}
            or inside.name == "py.typed"
            or (inside.parts[0].endswith(".dist-info") and inside.name in INSTALLERS_OWN)
        )
        if path.is_file() and not left_out:
            yield path
