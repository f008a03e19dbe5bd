"""A build does what is needed and no more, and whatever interrupts it leaves whole packages."""

import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from bundling.__main__ import main
from bundling.build import build
from bundling.errors import PackingFailed
from bundling.workspace import ROOT, Workspace, asset_path
from tests.unit.bundling.conftest import write

DEADLINE_S = 20
SERVICES = ("orders", "payments")


def test_an_unchanged_workspace_starts_no_process_and_says_one_line(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--target", "local"], workspace)
    first = capsys.readouterr()
    assert re.fullmatch(r"local: built orders, \d kB\nlocal: built payments, \d kB\n", first.err)
    monkeypatch.setattr("subprocess.run", _refuse)
    assert main(["--target", "local"], workspace) == 0
    second = capsys.readouterr()
    assert second.err == "local: orders, payments up to date\n"
    assert first.out == second.out == "", "the standard output belongs to `cdk synth`"


def test_only_what_changed_is_built(workspace: Workspace) -> None:
    build("local", [], workspace)
    write(workspace.sources / "payments" / "refunds.py", "")
    outcome = build("local", [], workspace)
    assert [package.service for package in outcome.built] == ["payments"]
    assert outcome.unchanged == ["orders"]


def test_a_removed_file_leaves_the_package(workspace: Workspace) -> None:
    build("local", ["orders"], workspace)
    (workspace.sources / "orders" / "terms.txt").unlink()
    build("local", ["orders"], workspace)
    with zipfile.ZipFile(asset_path("orders", "local", workspace)) as archive:
        assert "orders/terms.txt" not in archive.namelist()


def test_a_package_that_was_damaged_or_deleted_is_built_again(workspace: Workspace) -> None:
    build("local", [], workspace)
    whole = {name: asset_path(name, "local", workspace).read_bytes() for name in SERVICES}
    asset_path("orders", "local", workspace).write_bytes(b"half a zi")
    asset_path("payments", "local", workspace).unlink()
    build("local", [], workspace)
    assert {name: asset_path(name, "local", workspace).read_bytes() for name in SERVICES} == whole


def test_another_python_in_the_emulator_means_other_packages(
    workspace: Workspace, tmp_path: Path
) -> None:
    build("local", [], workspace)
    elsewhere = tmp_path / "tools" / ".venv-emulator"
    (elsewhere / "bin").mkdir(parents=True)
    (elsewhere / "bin" / "python").symlink_to(workspace.emulator_python.resolve())
    (elsewhere / "pyvenv.cfg").write_text("version = 3.14.0\n")
    upgraded = Workspace(workspace.sources, workspace.build, elsewhere.parent)
    assert len(build("local", [], upgraded).built) == 2


def test_a_failed_build_keeps_the_last_good_packages(workspace: Workspace) -> None:
    build("local", [], workspace)
    before = asset_path("orders", "local", workspace).read_bytes()
    write(workspace.sources / "orders" / "__init__.py", "def broken(:\n")
    with pytest.raises(PackingFailed):
        build("local", [], workspace)
    assert asset_path("orders", "local", workspace).read_bytes() == before
    assert leftovers(workspace) == []


def test_builds_at_the_same_time_do_each_other_no_harm(workspace: Workspace) -> None:
    builds = [start_build("local", workspace) for _ in range(3)]
    outputs = [running.communicate(timeout=DEADLINE_S)[1] for running in builds]
    assert [running.returncode for running in builds] == [0, 0, 0], outputs
    assert build("local", [], workspace).unchanged == ["orders", "payments"]
    assert leftovers(workspace) == []


def test_a_package_that_another_build_replaced_meanwhile_is_not_taken_for_ours(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def replace_and_lose_the_race(path: Path, target: Path) -> Path:
        replaced = replace(path, target)
        if target.suffix == ".zip":
            target.write_bytes(b"the package of an older source")
        return replaced

    with monkeypatch.context() as racing:
        racing.setattr(Path, "replace", replace_and_lose_the_race)
        build("local", ["orders"], workspace)
    assert len(build("local", ["orders"], workspace).built) == 1
    assert zipfile.is_zipfile(asset_path("orders", "local", workspace))


def test_an_interrupted_build_leaves_nothing_half_done(workspace: Workspace) -> None:
    running = start_build("cloud", workspace)
    wait_until_staged(workspace, running)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does on Ctrl-C: to the whole group
    _, errors = running.communicate(timeout=DEADLINE_S)
    assert (running.returncode, errors) == (130, "bundling: interrupted\n")
    assert list((workspace.build / "cloud").iterdir()) == []


def start_build(target: str, workspace: Workspace) -> "subprocess.Popen[str]":
    folders = ", ".join(
        f"Path({str(folder)!r})" for folder in (workspace.sources, workspace.build, workspace.tools)
    )
    program = (
        "import signal, sys\nfrom pathlib import Path\nfrom bundling.__main__ import main\n"
        # What runs in the background of a shell inherits that interrupts are ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from bundling.workspace import Workspace\n"
        f"sys.exit(main(['--target', {target!r}], Workspace({folders})))\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until_staged(workspace: Workspace, running: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not list(workspace.build.glob("cloud/.staging-*/payments/shared/runtime/clock.py")):
        assert running.poll() is None, "it ended before it could be interrupted"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def leftovers(workspace: Workspace) -> list[str]:
    return [path.name for path in workspace.build.rglob("*") if path.name.startswith(".staging")]


def _refuse(*command: object, **options: object) -> None:
    raise AssertionError(f"started {command}")
