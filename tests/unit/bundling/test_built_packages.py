"""The real packages: each runs with nothing but what is in it and what the runtime brings."""

import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from bundling.build import MAX_ZIP_BYTES, build
from bundling.sources import services_in
from bundling.workspace import ROOT, TARGET_NAMES, TargetName, Workspace, asset_path
from tests.unit.bundling.bytecode import (
    PYTHON_313_MAGIC,
    UNCHECKED_HASH,
    byte_code_in,
    flags_of,
    magic_of,
)

WORKSPACE = Workspace()
SERVICES = services_in(WORKSPACE.sources)
RUNTIME_BRINGS = ("botocore", "jmespath", "dateutil", "six.py", "urllib3")
IMPORT_ALL = """
import importlib, sys
package, runtime, *modules = sys.argv[1:]
sys.path += [package, runtime]
for name in modules:
    importlib.import_module(name)
"""


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    build("local", [])
    build("cloud", [])


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The libraries that AWS Lambda has, and none of the others that the emulator has."""
    folder = tmp_path_factory.mktemp("runtime")
    (installed,) = (ROOT / ".venv-emulator").glob("lib/python3*/site-packages")
    for name in RUNTIME_BRINGS:
        (folder / name).symlink_to(installed / name)
    return folder


@pytest.mark.parametrize("service", SERVICES)
def test_every_module_of_a_package_imports_in_isolation(
    service: str, runtime: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(asset_path(service, "local")) as archive:
        archive.extractall(tmp_path)
        modules = [_module(name) for name in archive.namelist() if name.endswith(".py")]
    assert service in modules
    python = [str(WORKSPACE.emulator_python), "-I", "-S", "-c", IMPORT_ALL]
    command = [*python, str(tmp_path), str(runtime), *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("service", SERVICES)
def test_a_cloud_package_holds_byte_code_of_python_313_for_each_source(service: str) -> None:
    byte_code = byte_code_in(asset_path(service, "cloud"))
    with zipfile.ZipFile(asset_path(service, "cloud")) as archive:
        sources = [name for name in archive.namelist() if name.endswith(".py")]
    assert sorted(byte_code) == sorted(
        re.sub(r"([^/]+)\.py$", r"__pycache__/\1.cpython-313.pyc", name) for name in sources
    )
    assert {magic_of(pyc) for pyc in byte_code.values()} == {PYTHON_313_MAGIC}
    assert {flags_of(pyc) for pyc in byte_code.values()} == {UNCHECKED_HASH}


@pytest.mark.parametrize("service", SERVICES)
def test_machine_code_in_a_cloud_package_is_for_graviton(service: str) -> None:
    with zipfile.ZipFile(asset_path(service, "cloud")) as archive:
        native = {name: archive.read(name) for name in archive.namelist() if ".so" in name}
    assert all("cpython-313-aarch64" in name for name in native)
    assert all(_elf_machine(content) == "aarch64" for content in native.values())
    assert native, "msgspec is compiled, and every service has it through `shared`"


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_every_package_is_below_the_limit(target: TargetName) -> None:
    sizes = {name: asset_path(name, target).stat().st_size for name in SERVICES}
    assert max(sizes.values()) <= MAX_ZIP_BYTES <= 2_000_000


def test_functions_are_deployed_with_the_library_versions_that_tests_run_with() -> None:
    tested = _pins(ROOT / "requirements.txt")
    for lock in WORKSPACE.sources.glob("*/requirements.txt"):
        wanted = lock.with_suffix(".in").read_text("utf-8").split()
        pins = _pins(lock)
        assert pins.items() <= tested.items(), lock
        assert set(wanted) - {"-r", "../shared/requirements.in"} <= set(pins), lock


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _elf_machine(content: bytes) -> str:
    assert content[:4] == b"\x7fELF"
    return {0xB7: "aarch64", 0x3E: "x86_64"}[int.from_bytes(content[18:20], "little")]


def _pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", lock.read_text("utf-8"), re.MULTILINE))
