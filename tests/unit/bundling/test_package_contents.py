"""A package holds the service's own code, `shared` and the libraries it names, and no more."""

import subprocess
import zipfile
from pathlib import Path

from bundling.build import build
from bundling.sources import services_in
from bundling.workspace import Workspace, asset_path
from tests.unit.bundling.bytecode import UNCHECKED_HASH, byte_code_in, flags_of
from tests.unit.bundling.conftest import AddWheel, write


def test_a_package_holds_its_service_and_shared_with_their_data(workspace: Workspace) -> None:
    build("local", [], workspace)
    assert sources_in(asset_path("orders", "local", workspace)) == [
        "orders/__init__.py",
        "orders/handlers/__init__.py",
        "orders/handlers/place_order.py",
        "orders/prices.json",
        "orders/terms.txt",
        "shared/__init__.py",
        "shared/runtime/clock.py",
    ]


def test_a_published_language_goes_into_the_packages_of_those_who_import_it(
    workspace: Workspace,
) -> None:
    write(workspace.sources / "pricing_language" / "__init__.py", "")
    write(workspace.sources / "stock_language" / "__init__.py", "import pricing_language\n")
    write(workspace.sources / "orders" / "ports.py", "from stock_language import words\n")
    build("local", [], workspace)
    assert languages_in_zip(asset_path("orders", "local", workspace)) == {
        "pricing_language",
        "stock_language",
    }
    assert languages_in_zip(payments(workspace)) == set()
    assert services_in(workspace.sources) == ["orders", "payments"]


def languages_in_zip(path: Path) -> set[str]:
    folders = {name.split("/")[0] for name in sources_in(path)}
    return {name for name in folders if name.endswith("_language")}


def test_what_only_developers_need_stays_out(workspace: Workspace) -> None:
    for leftover in (
        "orders/__pycache__/prices.cpython-39.pyc",
        "orders/.DS_Store",
        "orders/README.md",
        "orders/py.typed",
        "orders/stubs.pyi",
        "orders/.idea/workspace.xml",
    ):
        write(workspace.sources / leftover, "leftover")
    (workspace.sources / "orders" / "requirements.txt").write_text("# nothing\n")
    build("local", ["orders"], workspace)
    names = sources_in(asset_path("orders", "local", workspace))
    assert {Path(name).suffix for name in names} == {".py", ".json", ".txt"}
    assert not {"orders/requirements.txt", "orders/README.md"} & set(names)


def test_a_library_comes_with_its_licence_and_without_the_installers_notes(
    workspace: Workspace, add_wheel: AddWheel
) -> None:
    write(workspace.sources / "orders" / "requirements.txt", add_wheel("greeter"))
    build("local", [], workspace)
    ours = set(sources_in(asset_path("orders", "local", workspace)))
    assert {name for name in ours if "greeter" in name} == {
        "greeter/__init__.py",
        "greeter/words.txt",
        "greeter-1.0.dist-info/METADATA",
        "greeter-1.0.dist-info/licenses/LICENSE",
    }
    assert not any("greeter" in name for name in sources_in(payments(workspace)))


def test_what_shared_needs_comes_with_every_service(
    workspace: Workspace, add_wheel: AddWheel
) -> None:
    locked = add_wheel("greeter")
    write(workspace.sources / "shared" / "requirements.txt", locked)
    write(workspace.sources / "orders" / "requirements.txt", locked + add_wheel("courier"))
    build("local", [], workspace)
    assert "greeter/__init__.py" in sources_in(payments(workspace))
    assert "courier/__init__.py" not in sources_in(payments(workspace))
    assert "courier/__init__.py" in sources_in(asset_path("orders", "local", workspace))


def test_locks_that_pin_the_same_are_installed_once(
    workspace: Workspace, add_wheel: AddWheel
) -> None:
    locked = add_wheel("greeter")
    write(workspace.sources / "orders" / "requirements.txt", f"# for orders\n{locked}")
    write(workspace.sources / "payments" / "requirements.txt", f"{locked}    # via payments\n")
    build("local", [], workspace)
    assert len(list((workspace.build / "libraries").iterdir())) == 1


def test_byte_code_is_never_checked_against_a_date(workspace: Workspace) -> None:
    build("local", [], workspace)
    byte_code = byte_code_in(asset_path("orders", "local", workspace))
    assert len(byte_code) == 5
    assert {flags_of(pyc) for pyc in byte_code.values()} == {UNCHECKED_HASH}


def test_byte_code_names_its_source_as_the_zip_does(workspace: Workspace) -> None:
    build("local", ["orders"], workspace)
    byte_code = byte_code_in(asset_path("orders", "local", workspace))
    for pyc in byte_code.values():
        assert str(workspace.build).encode() not in pyc
    handler = next(pyc for name, pyc in byte_code.items() if "place_order" in name)
    assert b"orders/handlers/place_order.py" in handler


def test_the_emulators_python_runs_the_byte_code_and_not_the_source(
    workspace: Workspace, tmp_path: Path
) -> None:
    build("local", ["payments"], workspace)
    with zipfile.ZipFile(payments(workspace)) as archive:
        archive.extractall(tmp_path)
    write(tmp_path / "payments" / "__init__.py", "AMOUNT = 'compiled from the source'\n")
    program = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; import payments as p; print(p.AMOUNT)"
    )
    python = str(workspace.emulator_python)
    done = subprocess.run([python, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "7"


def payments(workspace: Workspace) -> Path:
    return asset_path("payments", "local", workspace)


def sources_in(package: Path) -> list[str]:
    with zipfile.ZipFile(package) as archive:
        return [name for name in archive.namelist() if not name.endswith(".pyc")]
