"""Builds the packages whose sources, libraries or tools have changed, and no others."""

import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bundling.errors import PackageTooLarge, PackingFailed
from bundling.libraries import library_files
from bundling.sources import Package, read_packages
from bundling.targets import Target, target_named
from bundling.workspace import TargetName, Workspace

MAX_ZIP_BYTES = 2_000_000
"""A cold start fetches and unpacks the zip, so its size is latency. Our packages have a tenth of
this; who reaches it has most likely packaged what the runtime already brings, as boto3."""


@dataclass(frozen=True)
class Built:
    service: str
    path: Path
    size: int  # bytes


@dataclass(frozen=True)
class Outcome:
    built: list[Built]
    unchanged: list[str]


def build(
    target_name: TargetName, services: list[str], workspace: Workspace | None = None
) -> Outcome:
    """Bring the zips of the named services up to date, of all services if none is named.

    Several builds may run at once: each finished zip appears whole or not at all.
    Raises BundlingError.
    """
    workspace = workspace or Workspace()
    return build_packages(target_name, read_packages(workspace.sources, services), workspace)


def build_packages(
    target_name: TargetName, packages: list[Package], workspace: Workspace | None = None
) -> Outcome:
    """The same for packages as they were read: what was looked at is what is built.

    Raises BundlingError.
    """
    workspace = workspace or Workspace()
    target = target_named(target_name, workspace)
    fingerprint = target.fingerprint()
    inputs = {
        package.service: sha256(f"{fingerprint}\n{package.digest}".encode()).hexdigest()
        for package in packages
    }
    changed = [
        package
        for package in packages
        if not _is_up_to_date(package.service, target, inputs[package.service], workspace)
    ]
    built = _build_changed(changed, target, inputs, workspace) if changed else []
    unchanged = [package.service for package in packages if package not in changed]
    return Outcome(built, unchanged)


def _build_changed(
    changed: list[Package], target: Target, inputs: dict[str, str], workspace: Workspace
) -> list[Built]:
    folder = workspace.build / target.name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        dir=folder, prefix=".staging-", ignore_cleanup_errors=True
    ) as temporary:
        staging = Path(temporary)
        for package in changed:
            _stage(package, library_files(package, target, workspace), staging / package.service)
        _pack(target, staging)
        for package in changed:
            _refuse_if_too_large(package.service, staging / f"{package.service}.zip")
        return [
            _publish(package.service, target, inputs[package.service], staging, workspace)
            for package in changed
        ]


def _stage(package: Package, libraries: dict[str, Path], folder: Path) -> None:
    for name, path in libraries.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)
    for name, content in package.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _pack(target: Target, staging: Path) -> None:
    done = subprocess.run(target.pack_command(staging), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PackingFailed(target.name, done.stderr.strip())


def _refuse_if_too_large(service: str, path: Path) -> None:
    size = path.stat().st_size
    if size > MAX_ZIP_BYTES:
        with zipfile.ZipFile(path) as archive:
            entries = [(entry.filename, entry.compress_size) for entry in archive.infolist()]
        largest = sorted(entries, key=lambda entry: -entry[1])[:5]
        raise PackageTooLarge(service, size, MAX_ZIP_BYTES, largest)


def _publish(
    service: str, target: Target, inputs: str, staging: Path, workspace: Workspace
) -> Built:
    staged = staging / f"{service}.zip"
    staged.chmod(0o644)  # Pyodide makes files that all may write
    digest = staging / f"{service}.digest"
    digest.write_text(_record(inputs, staged))  # of our own zip: another build may replace it
    size = staged.stat().st_size
    path = staged.replace(workspace.zip_of(service, target.name))
    digest.replace(workspace.digest_of(service, target.name))
    return Built(service, path, size)


def _is_up_to_date(service: str, target: Target, inputs: str, workspace: Workspace) -> bool:
    path, digest = workspace.zip_of(service, target.name), workspace.digest_of(service, target.name)
    return path.exists() and digest.exists() and digest.read_text() == _record(inputs, path)


def _record(inputs: str, path: Path) -> str:
    """What went into a zip and what it is now.

    The zip's own hash is in it so that two builds that finish at once, or a zip that was changed
    by hand, lead to another build and never to a stale package.
    """
    return f"{inputs} {sha256(path.read_bytes()).hexdigest()}\n"
