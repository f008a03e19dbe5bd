"""From a clone to a running system: `make up`, with the network as it is on this machine.

The clean clone is of the last commit, in a temporary folder with caches of its own that are empty:
uv's, pip's, npm's and jsii's. It downloads and installs the whole toolchain. The prepared checkout
is the same clone with its toolchain installed and nothing built. "Again" finds everything built,
and deploys to an emulator that starts empty.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.measure.benchmarks.claims import Result, absolute, at_most
from tools.measure.peers import ROOT

CACHES = {
    "UV_CACHE_DIR": "uv",
    "PIP_CACHE_DIR": "pip",
    "npm_config_cache": "npm",
    "JSII_RUNTIME_PACKAGE_CACHE_ROOT": "jsii",
}


PYTHON = Path(sys.base_prefix, "bin", "python3")


class MakeFailed(Exception):
    """A target of the Makefile ended with an error."""


def measure(*, quick: bool) -> list[Result]:
    """The clean clone once, the prepared checkout and the repetition some times."""
    rounds = 1 if quick else 3
    with _clean_clone() as make:
        clean = make("up")
        prepared, again = [], []
        for _ in range(rounds):
            make("down")
            make("forget")
            prepared.append(make("up"))
            make("down")
            again.append(make("up"))
    return [
        absolute("make up from a clean clone, caches empty", [clean], "s", at_most(90, aim=60)),
        absolute("make up from a prepared checkout, nothing built", prepared, "s", at_most(20)),
        absolute("make up again", again, "s"),
    ]


@contextmanager
def _clean_clone() -> Iterator[Callable[[str], float]]:
    """A function that makes a target in a clone and returns its seconds; takes all down after."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        clone = Path(folder) / "clone"
        command = ["git", "clone", "--quiet", "--depth", "1", ROOT.as_uri(), str(clone)]
        subprocess.run(command, check=True, capture_output=True)
        environment = _without_virtual_environment() | {
            name: str(Path(folder) / cache) for name, cache in CACHES.items()
        }

        def make(target: str) -> float:
            if target == "forget":
                for built in (".local", ".build"):
                    shutil.rmtree(clone / built, ignore_errors=True)
                return 0.0
            begun = time.perf_counter()
            done = subprocess.run(
                ["make", f"PYTHON={PYTHON}", target],
                cwd=clone,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise MakeFailed(f"make {target}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
            return time.perf_counter() - begun

        try:
            yield make
        finally:
            make("down")


def _without_virtual_environment() -> dict[str, str]:
    own_scripts = str(Path(sys.executable).parent)
    path = [part for part in os.environ["PATH"].split(os.pathsep) if part != own_scripts]
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return environment | {"PATH": os.pathsep.join(path)}
