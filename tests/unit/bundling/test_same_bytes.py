"""The same sources make the same bytes: in another folder, in another company, on another day."""

import os
import zipfile
from pathlib import Path

import pytest

from bundling.build import build
from bundling.pack import pack_folders
from bundling.workspace import TargetName, Workspace, asset_path
from tests.unit.bundling.bytecode import byte_code_in
from tests.unit.bundling.conftest import make_workspace, write


@pytest.mark.parametrize("target", ["local", pytest.param("cloud", marks=pytest.mark.nightly)])
def test_a_package_is_the_same_wherever_and_in_whatever_company_it_is_built(
    tmp_path: Path, target: TargetName, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone it is compiled first, with all others after them, and with another hash seed."""
    here, there = make_workspace(tmp_path / "here"), make_workspace(tmp_path / "there")
    for source in there.sources.rglob("*.py"):
        os.utime(source, (1, 1))
        source.chmod(0o700)
    build(target, [], here)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    build(target, ["payments"], there)
    assert bytes_of("payments", target, there) == bytes_of("payments", target, here)


def test_files_of_one_name_in_two_packages_are_compiled_as_each_says(tmp_path: Path) -> None:
    """As two services may lock two versions of a library."""
    for package, text in {"one": "A = 1\n", "other": "A = 2\n", "same": "A = 1\n"}.items():
        write(tmp_path / package / "library.py", text)
    pack_folders(tmp_path)
    one, other, same = (
        byte_code_in(tmp_path / f"{it}.zip").values() for it in ("one", "other", "same")
    )
    assert list(one) == list(same) != list(other)


def test_entries_are_sorted_and_bear_one_date_and_two_modes(workspace: Workspace) -> None:
    native = workspace.sources / "orders" / "native.so"
    write(native, "machine code")
    native.chmod(0o600)
    build("local", ["orders"], workspace)
    with zipfile.ZipFile(asset_path("orders", "local", workspace)) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in entries}
    assert modes.pop("orders/native.so") == 0o755
    assert set(modes.values()) == {0o644}


def test_a_change_in_one_service_changes_no_other_package(workspace: Workspace) -> None:
    build("local", [], workspace)
    orders, payments = (bytes_of(name, "local", workspace) for name in ("orders", "payments"))
    write(workspace.sources / "payments" / "__init__.py", "AMOUNT = 8\n")
    build("local", [], workspace)
    assert bytes_of("orders", "local", workspace) == orders
    assert bytes_of("payments", "local", workspace) != payments


def test_a_change_in_shared_changes_every_package(workspace: Workspace) -> None:
    build("local", [], workspace)
    before = {name: bytes_of(name, "local", workspace) for name in ("orders", "payments")}
    write(workspace.sources / "shared" / "runtime" / "clock.py", "HOUR = 3600\n")
    build("local", [], workspace)
    assert all(bytes_of(name, "local", workspace) != content for name, content in before.items())


def bytes_of(service: str, target: TargetName, workspace: Workspace) -> bytes:
    return asset_path(service, target, workspace).read_bytes()
