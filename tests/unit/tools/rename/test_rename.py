"""A rename writes all or says how to get back, and the way there and back changes nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import tools.rename.__main__ as command
from tests.support.drivers.copied_tree import link_web_tools
from tools.base.interruption import Interrupted
from tools.base.workspace import CHECKOUT
from tools.checks.secret_scan.scan import code
from tools.rename import names
from tools.rename.plan import CannotRename, git, plan, tracked_texts

NOW = names.current(CHECKOUT)
# In two parts, so that it stands nowhere in the sources.
NEW = next(it for it in ("ac" + "me", "new" + "house") if it != NOW)


def repository(folder: Path, files: Mapping[str, str]) -> Path:
    """A repository whose one commit holds these files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    git(folder, *who, "commit", "--quiet", "--no-verify", "--message", "as it is")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A repository with a text, code, and a file that is no text."""
    folder = repository(
        tmp_path,
        {
            "pyproject.toml": f'[project]\nname = "{NOW}"\n',
            "README.md": f"# {NOW.capitalize()}\r\n",
            "page.md": f"It is {NOW}'s, and {NOW} has it.\n",
            ".gitignore": ".cache/\n",
        },
    )
    (folder / "picture.png").write_bytes(b"\x89PNG\xff" + NOW.encode())
    commit(folder)
    return folder


@pytest.fixture(autouse=True)
def _no_synthesis(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_checkout: Path) -> None:
        raise AssertionError("nothing here should need a synthesis")

    if request.node.get_closest_marker("nightly") is None:
        monkeypatch.setattr(command, "_write_snapshots", refuse)


def rename(folder: Path, new: str, *, confirm: bool = True) -> None:
    command._rename(new, folder, confirm=confirm)


def test_a_dry_run_writes_nothing(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rename(small, NEW, confirm=False)
    assert git(small, "status", "--porcelain") == ""
    said = capsys.readouterr().out
    assert f"{NOW} becomes {NEW}" in said
    assert "CONFIRM=yes" in said


def test_the_way_there_and_back_changes_nothing(small: Path) -> None:
    first = git(small, "rev-parse", "HEAD").strip()
    rename(small, NEW)
    assert (small / "README.md").read_bytes() == f"# {NEW.capitalize()}\r\n".encode()
    assert NOW not in (small / "page.md").read_text()
    assert NOW in (small / "picture.png").read_text(errors="replace")
    commit(small)
    rename(small, NOW)
    assert git(small, "diff", first) == ""


@pytest.mark.parametrize("change", ["README.md", "new.md"])
def test_a_tree_that_is_not_clean_is_refused(small: Path, change: str) -> None:
    (small / change).write_text("mine")
    with pytest.raises(CannotRename, match="git restore"):
        rename(small, NEW)
    assert (small / "page.md").read_text().count(NOW) == 2


def test_without_git_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "{NOW}"\n')
    with pytest.raises(CannotRename, match="git is needed"):
        tracked_texts(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotRename, match="git is needed"):
        tracked_texts(tmp_path)


def test_a_file_that_is_called_so_or_writes_it_otherwise_is_refused(small: Path) -> None:
    with pytest.raises(CannotRename, match="named after"):
        plan({f"docs/{NOW}.md": "x"}, NOW, NEW)
    odd = NOW[0] + NOW[1:].capitalize()
    with pytest.raises(CannotRename, match=r"odd\.md"):
        plan({"odd.md": odd}, NOW, NEW)


@pytest.mark.parametrize("error", [Interrupted(15), KeyboardInterrupt(), OSError("disk full")])
def test_one_that_is_interrupted_says_how_to_get_back(
    small: Path,
    error: BaseException,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = {it.name: it.read_bytes() for it in small.iterdir() if it.is_file()}
    replace: Callable[[Path, Path], Path] = Path.replace
    written = 0

    def half(self: Path, target: Path) -> Path:
        nonlocal written
        written += 1
        if written == 2:
            raise error
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", half)
    with pytest.raises((type(error), CannotRename)):
        rename(small, NEW)
    monkeypatch.undo()
    assert "`git restore .`" in capsys.readouterr().err
    assert git(small, "status", "--porcelain").strip()
    git(small, "restore", ".")
    assert {it.name: it.read_bytes() for it in small.iterdir() if it.is_file()} == before


@pytest.mark.parametrize("after", [0, 1, 3])
def test_after_one_that_was_killed_git_brings_everything_back(small: Path, after: int) -> None:
    """Whatever it was about to write: nothing of it is beside the files."""
    killed = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "import tools.rename.__main__ as command\n"
        "replace, done = Path.replace, []\n"
        "def until(self, target):\n"
        "    done.append(target)\n"
        f"    if len(done) > {after}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return replace(self, target)\n"
        "Path.replace = until\n"
        "command._rename(sys.argv[2], Path(sys.argv[1]), confirm=True)\n"
    )
    ended = subprocess.run([sys.executable, "-c", killed, small, NEW], cwd=CHECKOUT, check=False)
    assert ended.returncode == (-signal.SIGKILL if after < 3 else 0)
    assert any((small / command.DRAFTS).glob("*")) is (after < 3)
    git(small, "restore", ".")
    assert git(small, "status", "--porcelain") == ""
    rename(small, NEW)
    assert not (small / command.DRAFTS).exists()


def test_what_is_refused_says_so_and_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "CHECKOUT", small)
    assert command.main(["--name", "New-Name", "--confirm"]) == 1
    assert "no dash" in capsys.readouterr().err
    assert git(small, "status", "--porcelain") == ""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of this checkout with a history of its own, and this checkout's tools."""
    paths = [file.relative_to(CHECKOUT) for file in map(Path, code())]
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / path, tmp_path / path)
    folder = repository(tmp_path, {})
    for name in (".venv", ".venv-emulator", "node_modules"):
        (folder / name).symlink_to(CHECKOUT / name)
    link_web_tools(folder / "web")
    with (folder / ".git" / "info" / "exclude").open("a") as excluded:
        excluded.write(".venv\n.venv-emulator\nnode_modules\n")
    return folder


def run(folder: Path, *words: str) -> str:
    """What a module says in the renamed tree, where it must not fail."""
    bin = CHECKOUT / ".venv" / "bin"
    done = subprocess.run(
        [bin / "python", "-m", *words],
        cwd=folder,
        env={**os.environ, "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.nightly
def test_this_tree_can_be_renamed_and_is_as_it_should_be(tree: Path) -> None:
    first = git(tree, "rev-parse", "HEAD").strip()
    rename(tree, NEW)
    found = git(tree, "grep", "--ignore-case", "--count", NEW).splitlines()
    assert len(found) > 100
    assert not [it for it in found if it.split(":")[0].endswith(".py")], "code has it nowhere"
    assert subprocess.run(["git", "grep", "-qi", NOW], cwd=tree, check=False).returncode == 1
    run(tree, "ruff", "format", "--check", "--quiet", ".")
    run(tree, "ruff", "check", "--quiet", ".")
    run(tree, "tools.generate", "--check")
    commit(tree)
    rename(tree, NOW)
    assert git(tree, "diff", "--stat", first) == ""


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("length", [len(NEW), names.LONGEST])
def test_every_test_that_needs_no_deployment_passes_in_the_renamed_tree(
    tree: Path, length: int
) -> None:
    new = NEW if length == len(NEW) else "q" * length
    rename(tree, new)
    commit(tree)
    run(tree, "tools.generate")
    assert git(tree, "status", "--porcelain") == "", "what was renamed as text is what is generated"
    folders = ("tests/unit", "tests/contract", "tests/infra")
    # The renamed tree's own test of renaming would rename it again.
    run(tree, "pytest", "-q", *folders, "-m", "not nightly", "--ignore=tests/unit/tools/rename")
