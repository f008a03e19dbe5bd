"""`make client`: a Python package for each API, which calls it as its document says.

They are made when somebody wants them and never committed, so that they cannot be stale.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from contracts.product import PRODUCT
from contracts.schemas import APIS
from tools.base.errors import OperationFailed, in_words
from tools.base.workspace import CHECKOUT

FOLDER = CHECKOUT / ".build" / "clients"
CONFIGURATION = Path(__file__).with_name("clients.yaml")
SECONDS = 120


def services() -> list[str]:
    """The services whose APIs have a document."""
    return sorted(it.stem for it in APIS.glob("*.json"))


def package_of(service: str) -> str:
    """What the client's package is called, such as ``shop_order_views``."""
    return f"{PRODUCT}_{service}".replace("-", "_")


def write(folder: Path = FOLDER, wanted: Iterable[str] | None = None) -> list[Path]:
    """Write a package for each service, or for those wanted; what was there before goes.

    Raises:
        OperationFailed: the generator makes nothing of a document, or warns of a part of it;
            or the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperationFailed(f"clients cannot be written there: {in_words(error)}") from error
    return [
        _write(it, folder / package_of(it)) for it in (services() if wanted is None else wanted)
    ]


def _write(service: str, package: Path) -> Path:
    # In a process of its own: it keeps what it read of one document for the next.
    done = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"),
            *("--path", APIS / f"{service}.json", "--output-path", package, "--overwrite"),
            *("--meta", "none", "--config", CONFIGURATION),
        ],
        cwd=package.parent,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-2000:]
        raise OperationFailed(f"no client can be made of contracts/openapi/{service}.json: {said}")
    return package


def main() -> int:
    """0, or 1 with what the generator said."""
    parser = argparse.ArgumentParser(prog="python -m tools.docgen.clients", description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER)
    try:
        packages = write(parser.parse_args().out)
    except OperationFailed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    for package in packages:
        sys.stdout.write(f"{package}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
