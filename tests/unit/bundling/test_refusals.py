"""What cannot be built says why, and what to do."""

import random
import shutil
import zipfile
from pathlib import Path

import pytest

import bundling.build
from bundling.__main__ import main
from bundling.build import build
from bundling.errors import (
    AssetMissing,
    LibrariesNotInstallable,
    LockMissing,
    NameTaken,
    PackageTooLarge,
    PackingFailed,
    ToolMissing,
    UnknownService,
)
from bundling.workspace import TargetName, Workspace, asset_path, unbuilt
from tests.unit.bundling.conftest import AddWheel, write


def test_an_unknown_service_is_answered_with_the_known_ones(workspace: Workspace) -> None:
    with pytest.raises(UnknownService, match=r"no service `order` .* orders, payments"):
        build("local", ["order"], workspace)


@pytest.mark.parametrize("name", ["shared", "empty", "../lambdas"])
def test_a_folder_that_is_no_service_cannot_be_built(workspace: Workspace, name: str) -> None:
    write(workspace.sources / "empty" / "__pycache__" / "old.pyc", "of another branch")
    with pytest.raises(UnknownService):
        build("local", [name], workspace)


def test_the_command_line_fails_with_one_line_and_status_1(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--target", "local", "nobody"], workspace) == 1
    assert capsys.readouterr().err.startswith("bundling: no service `nobody`")


def test_requirements_without_a_lock_are_answered_with_the_command(workspace: Workspace) -> None:
    write(workspace.sources / "orders" / "requirements.in", "msgspec\n")
    with pytest.raises(LockMissing, match=r"uv pip compile .* lambdas/orders/requirements\.in -o"):
        build("local", ["orders"], workspace)


@pytest.mark.parametrize(
    ("target", "platform"), [("cloud", "aarch64, Python 3.13"), ("local", "this machine")]
)
def test_a_library_without_a_wheel_for_the_target_is_refused(
    workspace: Workspace, add_wheel: AddWheel, target: TargetName, platform: str
) -> None:
    locked = add_wheel("elsewhere", tag="cp39-cp39-win32")
    write(workspace.sources / "orders" / "requirements.txt", locked)
    with pytest.raises(LibrariesNotInstallable, match=f"`orders` do not .* for {platform}") as e:
        build(target, ["orders"], workspace)
    assert "elsewhere" in str(e.value)
    assert list((workspace.build / "libraries").iterdir()) == []


def test_a_library_that_was_swapped_behind_its_hash_is_refused(
    workspace: Workspace, add_wheel: AddWheel
) -> None:
    locked = add_wheel("greeter")
    add_wheel("greeter", package="imposter")
    write(workspace.sources / "orders" / "requirements.txt", locked)
    with pytest.raises(LibrariesNotInstallable, match=r"(?i)hash mismatch"):
        build("local", ["orders"], workspace)


def test_a_library_without_a_hash_is_refused(workspace: Workspace, add_wheel: AddWheel) -> None:
    add_wheel("greeter")
    write(workspace.sources / "orders" / "requirements.txt", "greeter==1.0\n")
    with pytest.raises(LibrariesNotInstallable, match="hash"):
        build("local", ["orders"], workspace)


@pytest.mark.parametrize("taken", ["orders", "shared"])
def test_a_library_may_not_bring_a_package_named_like_ours(
    workspace: Workspace, add_wheel: AddWheel, taken: str
) -> None:
    locked = add_wheel("greeter", package=taken)
    write(workspace.sources / "orders" / "requirements.txt", locked)
    with pytest.raises(NameTaken, match=f"a package `{taken}`"):
        build("local", ["orders"], workspace)


@pytest.mark.parametrize("target", ["local", "cloud"])
def test_a_source_with_an_error_is_named_with_its_line(
    workspace: Workspace, target: TargetName
) -> None:
    write(workspace.sources / "orders" / "handlers" / "place_order.py", "x = 1\nif x\n")
    with pytest.raises(PackingFailed) as error:
        build(target, ["orders"], workspace)
    assert 'File "orders/handlers/place_order.py", line 2' in str(error.value)
    assert "Traceback" not in str(error.value)


def test_a_package_above_the_limit_is_refused_with_its_largest_entries(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundling.build, "MAX_ZIP_BYTES", 10_000)
    photo = random.Random(1).randbytes(20_000)  # does not compress
    (workspace.sources / "orders" / "photo.bin").write_bytes(photo)
    with pytest.raises(PackageTooLarge) as error:
        build("local", ["orders"], workspace)
    first, second, *_ = str(error.value).splitlines()
    assert "10,000 are allowed" in first
    assert second.endswith("orders/photo.bin")
    with pytest.raises(AssetMissing):
        asset_path("orders", "local", workspace)


def test_a_stack_that_asks_for_an_unbuilt_package_is_told_how_to_build_it(
    workspace: Workspace,
) -> None:
    with pytest.raises(AssetMissing, match="`orders` is not built: run `make build`"):
        asset_path("orders", "cloud", workspace)


def test_templates_that_nobody_deploys_need_no_package(workspace: Workspace) -> None:
    with unbuilt():
        file = asset_path("orders", "cloud", workspace)
        assert zipfile.ZipFile(file).namelist() == []
    assert not file.exists()
    with pytest.raises(AssetMissing):
        asset_path("orders", "cloud", workspace)


@pytest.mark.parametrize("target", ["local", "cloud"])
def test_missing_tools_are_answered_with_make_setup(
    workspace: Workspace, tmp_path: Path, target: TargetName
) -> None:
    bare = Workspace(workspace.sources, workspace.build, tools=tmp_path)
    with pytest.raises(ToolMissing, match="is missing: run `make setup`"):
        build(target, [], bare)


@pytest.mark.parametrize("tool", ["uv", "node"])
def test_a_missing_program_is_answered_with_make_setup(
    workspace: Workspace, add_wheel: AddWheel, tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(workspace.sources / "orders" / "requirements.txt", add_wheel("greeter"))
    which = shutil.which
    monkeypatch.setattr(
        "shutil.which", lambda name, path=None: None if name == tool else which(name, path=path)
    )
    with pytest.raises(ToolMissing, match=f"{tool} is missing: run `make setup`"):
        build("cloud", ["orders"], workspace)
