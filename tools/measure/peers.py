"""The peers' own environment, and packages laid out as Lambda lays them out.

``.venv-bench`` holds what ``requirements/bench.txt`` locks, made on demand. From it come the
folders that a measured process sees instead of any site-packages:

* the runtime: boto3, botocore and what they need, with ordinary byte code, as Lambda's image has it
* a peer's package, in the three forms of ``Form``
"""

import os
import shutil
import subprocess
import sys
import zipfile
from enum import Enum
from hashlib import sha256
from importlib.metadata import Distribution, distributions
from pathlib import Path

from bundling.build import build
from bundling.workspace import Workspace, command_line_tool

ROOT = Path(__file__).resolve().parents[2]
BASELINE = Path(__file__).resolve().parent / "benchmarks" / "baseline"
LOCK = ROOT / "requirements" / "bench.txt"
ENVIRONMENT = ROOT / ".venv-bench"
FOLDERS = ROOT / ".local" / "benchmarks"
RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "urllib3", "six"}
"""What Lambda's Python runtime brings."""
NOT_OF_HANDLERS = {"eventsourcing"}
"""Peers of other benchmarks, which no handler needs."""
ZIP_DATE = 315_532_800  # 1980-01-01, the oldest that a zip can hold


class PeersNotInstallable(Exception):
    """The peers' environment could not be made."""


def interpreter() -> Path:
    """The peers' interpreter; makes or updates the environment if the lock has changed.

    Raises:
        PeersNotInstallable: with what uv said.
    """
    python = ENVIRONMENT / "bin" / "python"
    ready = ENVIRONMENT / ".ready"
    fingerprint = sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if not ready.exists() or ready.read_text() != fingerprint:
        _uv("venv", "--clear", "--python", sys.executable, str(ENVIRONMENT))
        _uv("pip", "sync", "--python", str(python), "--require-hashes", str(LOCK))
        ready.write_text(fingerprint)
    return python


def runtime() -> Path:
    """The libraries of Lambda's runtime, with ordinary byte code."""
    folder = FOLDERS / "runtime"
    made_from = folder / "made-from"
    fingerprint = sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if not made_from.exists() or made_from.read_text() != fingerprint:
        _copy(RUNTIME, folder)
        _compile(folder)
        made_from.write_text(fingerprint)
    return folder


class Form(Enum):
    """How a peer's package reaches the function."""

    AS_INSTALLED = "peer-as-installed"
    """All that `pip install -r requirements.txt --target` brings, zipped by the CDK. Powertools'
    tracer depends on botocore, so that is in it. The CDK dates all files 1980: Python finds the
    byte code that pip made stale, and compiles again in every cold start."""
    WITHOUT_SDK = "peer-without-sdk"
    """The same, but boto3 and botocore are left to the runtime, whose byte code is sound."""
    COMPILED = "peer-compiled"
    """The same, and all other byte code is sound as well: the most that a peer can do."""


def peer_package(form: Form) -> Path:
    """The peers' handlers and their libraries."""
    folder = FOLDERS / form.value
    libraries = _installed() - NOT_OF_HANDLERS
    _copy(libraries if form is Form.AS_INSTALLED else libraries - RUNTIME, folder)
    for source in peer_handlers().glob("*.py"):
        if source.name != "__init__.py":
            shutil.copyfile(source, folder / source.name)
    if form is Form.COMPILED:
        _compile(folder, "--invalidation-mode", "unchecked-hash")
    else:
        _compile(folder)
        _date_as_in_a_zip(folder)
    return folder


def our_package(service: str) -> Path:
    """Our package for this machine, built and unpacked: its byte code is unchecked, as deployed."""
    build("local", [service])
    folder = FOLDERS / f"our-{service}"
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(Workspace().zip_of(service, "local")) as package:
        package.extractall(folder)
    _date_as_in_a_zip(folder)
    return folder


def peer_handlers() -> Path:
    """The folder of the peers' own modules."""
    return BASELINE


def libraries(*names: str) -> Path:
    """A folder with these libraries of the peers' lock, with ordinary byte code."""
    folder = FOLDERS / "-".join(names)
    _copy(set(names), folder)
    _compile(folder)
    return folder


def _distributions() -> list[Distribution]:
    interpreter()
    [site] = ENVIRONMENT.glob("lib/python*/site-packages")
    return list(distributions(path=[str(site)]))


def _installed() -> set[str]:
    return {_name(distribution) for distribution in _distributions()}


def _name(distribution: Distribution) -> str:
    return distribution.name.lower().replace("_", "-")


def _copy(names: set[str], folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for distribution in _distributions():
        for file in distribution.files or () if _name(distribution) in names else ():
            source = Path(str(file.locate()))
            if ".." not in file.parts and file.suffix != ".pyc" and source.exists():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, folder / file)


def _date_as_in_a_zip(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (ZIP_DATE, ZIP_DATE))


def _compile(folder: Path, *options: str) -> None:
    command = [str(interpreter()), "-I", "-m", "compileall", "-q", *options, str(folder)]
    subprocess.run(command, check=True)


def _uv(*arguments: str) -> None:
    done = subprocess.run(
        [command_line_tool("uv"), *arguments, "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PeersNotInstallable(done.stderr.strip())
