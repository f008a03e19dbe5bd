"""The doctor says what is wrong with a checkout, and works before anything is set up."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.base.processes import workspace_option
from tools.doctor import checkout
from tools.doctor.examination import exit_status, verdict
from tools.doctor.finding import FAIL, OK, WARN, Finding
from tools.toolchain.setup import CHECKOUT, Part

DOCTOR = CHECKOUT / "tools" / "doctor"


def holds(finding: Finding, level: str, what: str, advice: str = "") -> None:
    """A finding that is not ok always says what to do."""
    assert finding.level == level, finding
    assert what in finding.what
    assert advice in finding.advice
    assert bool(finding.advice) == (level != OK)


@pytest.fixture
def part(tmp_path: Path) -> Part:
    """An environment that is ready."""
    folder, lock = tmp_path / ".venv", tmp_path / "requirements.txt"
    lock.write_text("botocore==1")

    def install() -> None:
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").touch()

    made = Part(
        "packages", folder, folder / ".ready", (lock,), install, program=folder / "bin" / "python"
    )
    made.make()
    return made


def test_an_environment_that_is_ready(part: Part) -> None:
    holds(checkout.environment(part), OK, "ready")


def test_one_that_is_not_there_yet(part: Part, tmp_path: Path) -> None:
    part.folder.rename(tmp_path / "away")
    holds(checkout.environment(part), OK, "not installed yet")


def test_one_whose_setup_was_interrupted(part: Part) -> None:
    part.stamp.unlink()
    holds(checkout.environment(part), WARN, "interrupted", "make setup")


def test_one_of_other_versions(part: Part) -> None:
    part.sources[0].write_text("botocore==2")
    holds(checkout.environment(part), WARN, "other locked versions", "make setup")


def test_one_that_was_moved(part: Part) -> None:
    part.stamp.write_text(part.stamp.read_text().replace(str(part.folder), "/old place/.venv"))
    holds(checkout.environment(part), WARN, "made for /old place/.venv", "make setup")


def test_one_whose_python_is_gone(part: Part) -> None:
    (part.folder / "bin" / "python").unlink()
    holds(checkout.environment(part), WARN, "its Python is gone", "make setup")


def test_where_it_is(tmp_path: Path) -> None:
    holds(checkout.writable(tmp_path, may_write=True, may_execute=True), OK, str(tmp_path))
    holds(checkout.writable(tmp_path, may_write=False, may_execute=True), FAIL, "written", "yours")
    holds(checkout.writable(tmp_path, may_write=True, may_execute=False), FAIL, "noexec", "disk")
    assert checkout.may_execute(tmp_path)


def test_home(tmp_path: Path) -> None:
    holds(checkout.home("/home/me", ()), OK, "/home/me")
    holds(checkout.home("/home/me", ("/home/me/.npm",)), WARN, "/home/me/.npm", "chown")


def test_folders_that_take_no_caches_are_named(tmp_path: Path) -> None:
    """`/proc/self` is a folder in which not even root can write."""
    good = {"HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "not" / "made" / "yet")}
    assert checkout.caches(good.get) == ()
    assert checkout.caches({**good, "PIP_CACHE_DIR": "/proc/self"}.get) == ("/proc/self",)
    assert checkout.caches({"HOME": "/nowhere"}.get) == ("/nowhere",)


def test_what_is_kept_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / ".local"
    holds(checkout.kept_here(root), OK, "nothing has been run")
    root.mkdir(mode=0o700)
    holds(checkout.kept_here(root), OK, "yours alone")
    root.chmod(0o755)
    holds(checkout.kept_here(root), WARN, "read by others", "closes it")
    monkeypatch.setattr(os, "getuid", lambda: root.stat().st_uid + 1)
    holds(checkout.kept_here(root), FAIL, "another user", "chown")


def process(pid: int, root: Path) -> tuple[int, int, str]:
    return pid, pid, f"python -X {workspace_option(root)} -m something"


def test_processes(tmp_path: Path) -> None:
    root, other, removed = tmp_path / ".local", tmp_path / "b" / ".local", tmp_path / "my c/.local"
    for folder in (root, other):
        folder.mkdir(parents=True)
    up = [process(1, root), process(2, root), process(3, other), (4, 4, "unrelated -X")]

    def found(running: list[tuple[int, int, str]], *, has_crashed: bool = False) -> Finding:
        return checkout.left_over(root, running, [1, 2], has_crashed=has_crashed)

    holds(found(up, has_crashed=True), OK, "2 of ours")
    holds(found(up[2:]), OK, "none")
    holds(found(up[2:], has_crashed=True), WARN, "without being told", "make down")
    holds(found([*up, process(9, root)]), WARN, "has left process 9", "make down")
    holds(found(up[1:]), WARN, "process 1 has ended by itself", "make up")
    holds(found([*up, process(7, removed)]), WARN, "process 7 of a checkout that", "kill 7")


def test_what_a_crash_leaves(tmp_path: Path) -> None:
    assert not checkout.has_crashed(tmp_path)
    (tmp_path / "outputs.json").touch()
    assert checkout.has_crashed(tmp_path)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "ended-in-order").touch()
    assert not checkout.has_crashed(tmp_path)


def test_what_was_written_down_is_read(tmp_path: Path) -> None:
    (tmp_path / "agent.json").write_text('{"pid": 7, "port": 4620}')
    (tmp_path / "outputs.json").write_text('{"endpoint": "x"}')
    assert checkout.recorded(tmp_path) == {7: 4620}


@pytest.mark.parametrize(
    ("answer", "level", "what", "advice"),
    [
        ((0, "false"), OK, "whole history", ""),
        ((0, "true"), WARN, "shallow", "git fetch --unshallow"),
        ((128, "fatal: detected dubious ownership in '/x'"), WARN, "refuses", "safe.directory /x"),
        ((128, "fatal: not a git repository"), WARN, "not a git repository", "a clone has"),
    ],
)
def test_git(answer: tuple[int, str], level: str, what: str, advice: str) -> None:
    holds(checkout.git(lambda *_: answer, Path("/x")), level, what, advice)


def test_no_git() -> None:
    holds(checkout.git(None, Path("/x")), WARN, "not installed", "make run")


def test_a_folder_without_a_history_is_recognized(tmp_path: Path) -> None:
    finding = checkout.git(checkout.ask_git(tmp_path), tmp_path)
    assert finding.level == WARN


def test_only_what_stops_a_run_fails() -> None:
    ok, warn, fail = (Finding(it, it, "") for it in (OK, WARN, FAIL))
    assert verdict([ok]) == "all is well."
    assert "works; look at warn" in verdict([ok, warn])
    assert "will not work: fail" in verdict([ok, warn, fail])
    assert [exit_status(it) for it in ([ok], [ok, warn], [ok, warn, fail])] == [0, 0, 1]


def test_everything_is_looked_at_before_anything_is_set_up(tmp_path: Path) -> None:
    for package in ("toolchain", "base", "doctor"):
        shutil.copytree(CHECKOUT / "tools" / package, tmp_path / "tools" / package)
    done = subprocess.run(
        # Without the folders in which libraries are: it needs none.
        [sys._base_executable, "-B", "-E", "-s", "-S", "-m", "tools.doctor"],  # type: ignore[attr-defined]
        cwd=tmp_path,
        env={"HOME": "/proc/self", "https_proxy": "http://["},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    lines = [it for it in done.stdout.splitlines() if it and not it.startswith(" ")]
    assert len(lines) == 19 + 1
    assert sum("not installed yet" in it for it in lines) == 4
    assert any(it.startswith("warn  home and caches") for it in lines)
    assert lines[-1].startswith("doctor: `make run` will not work: proxies")
    assert [it.name for it in tmp_path.iterdir()] == ["tools"]


NEEDED = (
    *sorted(DOCTOR.glob("*.py")),
    CHECKOUT / "tools" / "toolchain" / "setup.py",
    CHECKOUT / "tools" / "base" / "processes.py",
    CHECKOUT / "tools" / "base" / "records.py",
)


@pytest.mark.parametrize("file", NEEDED, ids=lambda file: file.stem)
def test_an_old_python_can_read_what_says_that_it_is_too_old(file: Path) -> None:
    """Types of today may stand in annotations, which are not evaluated, and nowhere else."""
    tree = ast.parse(file.read_text("utf-8"), feature_version=(3, 8))
    if file.stem not in ("__init__", "__main__"):
        assert "from __future__ import annotations\n" in file.read_text("utf-8")
    evaluated = [it.value for it in tree.body if isinstance(it, ast.Assign)]
    generic = [
        ast.unparse(node)
        for value in evaluated
        for node in ast.walk(value)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)
    ]
    assert generic == []
