"""A workspace with two small services, and wheels that are made here instead of downloaded."""

import base64
import csv
import io
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from bundling.workspace import ROOT, Workspace

SOURCES = {
    "shared/__init__.py": "",
    # The same nested class in two packages: its qualified name is what marshal may write in two
    # ways, depending on what else is alive.
    "shared/runtime/clock.py": "def clock():\n    class Ticks:\n        pass\n    return Ticks\n",
    "orders/__init__.py": "",
    "orders/prices.json": '{"mug": 900}',
    "orders/terms.txt": "net 30\n",
    "orders/handlers/__init__.py": "",
    "orders/handlers/place_order.py": (
        "from shared.runtime.clock import clock\n\n"
        "def handler(event, context):\n    class Ticks:\n        pass\n    return clock(), Ticks\n"
    ),
    "payments/__init__.py": "AMOUNT = 7\n\ndef clock():\n    class Ticks:\n        pass\n",
}

AddFile = Callable[[str, str], None]
AddWheel = Callable[..., str]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path / "checkout")


def make_workspace(folder: Path) -> Workspace:
    for name, content in SOURCES.items():
        write(folder / "lambdas" / name, content)
    return Workspace(sources=folder / "lambdas", build=folder / ".build", tools=ROOT)


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")


@pytest.fixture
def add_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AddWheel:
    """Makes a wheel that uv will find, and returns the line that locks it."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))

    def add(name: str, tag: str = "py3-none-any", package: str = "") -> str:
        path = wheels / f"{name}-1.0-{tag}.whl"
        path.write_bytes(_wheel(name, tag, package or name))
        return f"{name}==1.0 --hash=sha256:{sha256(path.read_bytes()).hexdigest()}\n"

    return add


def _wheel(name: str, tag: str, package: str) -> bytes:
    info = f"{name}-1.0.dist-info"
    files = {
        f"{package}/__init__.py": b"GREETING = 'hello'\n",
        f"{package}/__init__.pyi": b"GREETING: str\n",
        f"{package}/words.txt": b"hello\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        f"{info}/licenses/LICENSE": b"MIT\n",
    }
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()
        rows.writerow([path, f"sha256={digest}", len(content)])
    rows.writerow([f"{info}/RECORD", "", ""])
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
        archive.writestr(f"{info}/RECORD", record.getvalue())
    return wheel.getvalue()
