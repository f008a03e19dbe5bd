"""`make setup` with the real tools: ended anywhere, in odd folders, without a home or git."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools.base.workspace import CHECKOUT

pytestmark = pytest.mark.nightly

OUTSIDE = os.environ.get("OUTSIDE_PATH", os.environ["PATH"])
"""The search path of whoever called `make`."""
LONGEST_SETUP = 900.0
LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv", ".venv-*", "node_modules", ".build", ".local", ".cache", "cdk.out"),
    *("__pycache__", ".*_cache", ".hypothesis", "benchmarks", "docs"),
)
# Setup is ended as soon as this is there.
POINTS = (
    ".venv/pyvenv.cfg",
    ".venv/bin/pip",
    ".venv/bin/uv",
    ".venv/lib/*/site-packages/aws_cdk",
    ".venv-emulator/pyvenv.cfg",
    ".venv-emulator/lib/*/site-packages/*",
    "node_modules/*",
)
HOME = Path(os.environ.get("HOME", "/"))
# Nothing is downloaded again: where somebody says that caches are, there they are.
CACHES = {
    "PIP_CACHE_DIR": str(HOME / ".cache" / "pip"),
    "UV_CACHE_DIR": str(HOME / ".cache" / "uv"),
    "npm_config_cache": str(HOME / ".npm"),
}


def copy_to(folder: Path) -> Path:
    """The sources as a clean clone has them."""
    shutil.copytree(CHECKOUT, folder, ignore=LEFT_OUT)
    return folder


def without_git(folder: Path) -> str:
    """A search path that has everything but git."""
    folder.mkdir()
    for place in ("/bin", "/usr/bin", "/usr/local/bin"):
        for tool in Path(place).iterdir():
            if not tool.name.startswith("git") and not (folder / tool.name).is_symlink():
                (folder / tool.name).symlink_to(tool)
    python = shutil.which("python3", path=OUTSIDE)
    assert python
    (folder / "python3").unlink(missing_ok=True)
    (folder / "python3").symlink_to(python)
    return str(folder)


def make(
    checkout: Path, target: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`make` as a newcomer's shell would call it."""
    inherited = {name: it for name, it in os.environ.items() if not name.startswith("GIVEN_")}
    inherited["PATH"] = OUTSIDE
    return subprocess.run(
        ["make", target],
        cwd=checkout,
        env=inherited | CACHES | dict(environment or {}),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LONGEST_SETUP,
        check=False,
    )


def assert_works(checkout: Path) -> None:
    """Each tool runs, and it is this checkout's."""
    for command in (
        [".venv/bin/python", "-c", "import aws_cdk, pytest, boto3"],
        [".venv/bin/uv", "--version"],
        [".venv/bin/npm", "--version"],
        [".venv/bin/ruff", "--version"],
        [".venv-emulator/bin/python", "-c", "import ministack"],
        [".venv/bin/cdk", "--version"],
    ):
        path = f"{checkout}/.venv/bin:{os.defpath}"
        done = subprocess.run(
            command, cwd=checkout, env={"PATH": path}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
    said = subprocess.run(
        [".venv/bin/python", "-c", "import sys; print(sys.prefix)"],
        cwd=checkout, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(said.stdout.strip()) == checkout / ".venv"


@pytest.mark.parametrize("point", POINTS)
def test_a_setup_that_was_interrupted_goes_on(tmp_path: Path, point: str) -> None:
    checkout = copy_to(tmp_path / "here")
    process = subprocess.Popen(
        ["make", "setup"],
        cwd=checkout,
        env=os.environ | CACHES | {"PATH": OUTSIDE},
        start_new_session=True,
        # As a terminal has it: a test run in the background may have been told to ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not list(checkout.glob(point)):
        assert process.poll() is None, "setup ended before this point"
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(LONGEST_SETUP) != 0
    done = make(checkout, "setup")
    assert done.returncode == 0, done.stdout + done.stderr
    assert_works(checkout)


def test_a_folder_that_was_moved_sets_itself_up_again(tmp_path: Path) -> None:
    first = copy_to(tmp_path / "first")
    assert make(first, "setup").returncode == 0
    moved = tmp_path / "other folder, é"
    first.rename(moved)
    assert "setup: Python packages" in make(moved, "setup").stdout
    assert_works(moved)
    copied = tmp_path / "copy"
    shutil.copytree(moved, copied, symlinks=True)
    shutil.rmtree(moved)
    assert make(copied, "setup").returncode == 0
    assert_works(copied)


@pytest.mark.parametrize("locale", ["C", "POSIX", "tr_TR.ISO-8859-9"])
def test_without_home_git_and_utf_8_in_a_folder_with_a_strange_name(
    tmp_path: Path, locale: str
) -> None:
    checkout = copy_to(tmp_path / "dossier d'été $HOME `x` (二)")
    variables = {
        "HOME": str(tmp_path / "nowhere"),
        "LC_ALL": locale,
        "PATH": without_git(tmp_path / "bin"),
        **dict.fromkeys(("PIP_USER", "PIP_REQUIRE_VIRTUALENV", "npm_config_global"), "true"),
        **dict.fromkeys(("PIP_TARGET", "PIP_PREFIX", "PYTHONHOME", "PYTHONPATH"), str(tmp_path)),
    }
    done = make(checkout, "setup", variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_works(checkout)
    for target in ("build", "config-check"):
        done = make(checkout, target, variables)
        assert done.returncode == 0, (target, done.stdout + done.stderr)
