"""Clients are made of the documents, whole and importable, or the reason is said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.schemas import APIS
from tools.base.errors import OperationFailed
from tools.docgen import clients


def test_a_client_has_a_function_for_each_operation(tmp_path: Path) -> None:
    (package,) = clients.write(tmp_path, ["shipping"])
    found = {it.stem for it in (package / "api" / "default").glob("*.py")} - {"__init__"}
    assert found == {"track_shipment"}
    imported = (
        f"from {package.name}.api.default import track_shipment; from {package.name} import *"
    )
    subprocess.run([sys.executable, "-c", imported], cwd=tmp_path, check=True)


@pytest.mark.nightly  # some seconds for each
@pytest.mark.parametrize("service", clients.services())
def test_every_document_makes_one(service: str, tmp_path: Path) -> None:
    (package,) = clients.write(tmp_path, [service])
    paths = json.loads((APIS / f"{service}.json").read_text())["paths"].values()
    found = [it for it in (package / "api" / "default").glob("*.py") if it.stem != "__init__"]
    assert len(found) == sum(len(methods) for methods in paths)


def test_a_document_that_is_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.json").write_text('{"openapi": "3.1.0", "paths": 7}')
    monkeypatch.setattr(clients, "APIS", tmp_path)
    with pytest.raises(OperationFailed, match=r"contracts/openapi/broken\.json"):
        clients.write(tmp_path / "out")
