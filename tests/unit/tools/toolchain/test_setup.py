"""Setting up ends well from wherever an earlier try has ended, and wherever the folder is now."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.toolchain.setup import Toolchain, ToolFailed

if TYPE_CHECKING:
    from tools.toolchain.setup import Command

PYTHON = Path("/opt/python")
LOCKS = (
    "requirements.txt",
    "package-lock.json",
    "web/package-lock.json",
    "requirements/bootstrap.txt",
)
# Commands of a setup from nothing.
STEPS = 7


@dataclass
class FakeTools:
    """Stands for Python, pip, uv and npm: each leaves what the real one leaves, in two halves.

    A tool refuses to work on what an interrupted one has left, as the real ones may.
    """

    checkout: Path
    ends_at: int | None = None
    ends_with: type[BaseException] = KeyboardInterrupt
    calls: list[str] = field(default_factory=list)

    def __call__(self, command: Command) -> None:
        words = [str(word) for word in command]
        self.calls.append(" ".join(words).replace(f"{self.checkout}/", ""))
        tool, venv = Path(words[0]), self.checkout / ".venv"
        if tool == PYTHON:
            shutil.rmtree(venv, ignore_errors=True)
            self._leave(venv / "bin" / "python")
        elif tool.name == "python":
            self._use(venv / "bin" / "python")
            self._leave(venv / "bin" / "uv")
        elif tool.name == "uv" and "sync" in words:
            python = Path(words[words.index("--python") + 1])
            self._use(venv / "bin" / "uv")
            self._use(python)
            if python.is_relative_to(venv):
                self._leave(venv / "bin" / "npm")
            self._leave(python.parent.parent / "packages", fresh=True)
        elif tool.name == "uv":
            self._use(venv / "bin" / "uv")
            shutil.rmtree(words[-1], ignore_errors=True)
            self._leave(Path(words[-1]) / "bin" / "python")
        else:
            self._use(venv / "bin" / "npm")
            project = Path(words[words.index("--prefix") + 1])
            command = "cdk" if project == self.checkout else "esbuild"
            self._leave(project / "node_modules" / ".bin" / command, fresh=True)

    def _leave(self, made: Path, *, fresh: bool = False) -> None:
        """Half a tool, then the whole of it; it holds the folder's path, as scripts do."""
        assert not (fresh and made.exists()), f"{made} was left by an earlier try"
        made.parent.mkdir(parents=True, exist_ok=True)
        made.touch()
        if len(self.calls) - 1 == self.ends_at:
            raise self.ends_with("no space left")
        made.write_text(str(self.checkout))

    def _use(self, tool: Path) -> None:
        assert tool.read_text() == str(self.checkout), f"{tool} is half there, or another folder's"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Lock files, and nothing installed."""
    return lock_files(tmp_path / "here")


def lock_files(folder: Path) -> Path:
    for name in (*LOCKS, "requirements/emulator.txt", "requirements/containers.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def set_up(folder: Path, **options: object) -> list[str]:
    """Set a folder up; the commands that it took."""
    tools = FakeTools(folder, **options)  # type: ignore[arg-type]
    toolchain = Toolchain(folder, PYTHON, tools)
    toolchain.set_up(lambda _: None)
    assert toolchain.is_ready
    return tools.calls


def test_what_is_ready_is_left_alone(checkout: Path) -> None:
    assert len(set_up(checkout)) == STEPS
    assert set_up(checkout) == []


@pytest.mark.parametrize("ends_with", [KeyboardInterrupt, ToolFailed])
@pytest.mark.parametrize("step", range(STEPS))
def test_it_ends_well_after_an_end_at_any_step(
    checkout: Path, step: int, ends_with: type[BaseException]
) -> None:
    with pytest.raises(ends_with):
        set_up(checkout, ends_at=step, ends_with=ends_with)
    assert not Toolchain(checkout, PYTHON, FakeTools(checkout)).is_ready
    set_up(checkout)


@pytest.mark.parametrize("first", range(STEPS))
@pytest.mark.parametrize("second", range(STEPS))
def test_it_ends_well_after_two_ends(checkout: Path, first: int, second: int) -> None:
    for step in (first, second):
        try:
            set_up(checkout, ends_at=step)
        except KeyboardInterrupt:
            continue
    set_up(checkout)


def test_an_upgrade_that_was_interrupted_is_made_again(checkout: Path) -> None:
    set_up(checkout)
    for lock in LOCKS:
        (checkout / lock).write_text("other")
        with pytest.raises(KeyboardInterrupt):
            set_up(checkout, ends_at=0)
        assert set_up(checkout)
        assert set_up(checkout) == []


@pytest.mark.parametrize("move", [shutil.move, shutil.copytree])
def test_a_folder_that_was_moved_or_copied_gets_tools_of_its_own(
    checkout: Path, tmp_path: Path, move: Callable[[str, str], object]
) -> None:
    set_up(checkout)
    there = tmp_path / "thère; with spaces"
    move(str(checkout), str(there))
    calls = set_up(there)
    assert len(calls) == STEPS - 2, "npm's folders are the same everywhere"
    assert (there / ".venv" / "bin" / "uv").read_text() == str(there)


@pytest.mark.parametrize("left", [b"", b"\xff", b"half a stamp"])
@pytest.mark.parametrize("part", [".venv", ".venv-emulator", "node_modules", "web/node_modules"])
def test_a_stamp_that_says_something_else_counts_for_nothing(
    checkout: Path, part: str, left: bytes
) -> None:
    set_up(checkout)
    (checkout / part / ".ready").write_bytes(left)
    assert set_up(checkout)


def test_a_lost_link_to_the_cdk_is_made_again(checkout: Path) -> None:
    set_up(checkout)
    (checkout / ".venv" / "bin" / "cdk").unlink()
    assert set_up(checkout) == []
    assert (checkout / ".venv" / "bin" / "cdk").read_text() == str(checkout)


def test_an_environment_whose_python_was_removed_is_made_again(checkout: Path) -> None:
    set_up(checkout)
    (checkout / ".venv" / "bin" / "python").unlink()
    assert len(set_up(checkout)) > 0


def test_the_tools_for_containers_are_installed_for_who_wants_them_alone(checkout: Path) -> None:
    set_up(checkout)
    assert not (checkout / ".venv-containers").exists()
    tools = FakeTools(checkout)
    toolchain = Toolchain(checkout, PYTHON, tools, containers=True)
    assert not toolchain.is_ready
    toolchain.set_up(lambda _: None)
    assert toolchain.is_ready
    assert len(tools.calls) == 2, "what was there is left alone"
    assert (checkout / ".venv-containers" / "bin" / "python").exists()
