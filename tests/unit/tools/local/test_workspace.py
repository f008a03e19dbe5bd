"""One command at a time works in a workspace, which is its owner's and forgets what it made."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.base.errors import OfflineError
from tools.base.workspace import Workspace, open_private, write_private
from tools.emulator.payment_provider.ledger import Ledger


def test_a_second_command_is_told_to_wait(tmp_path: Path) -> None:
    with Workspace(tmp_path).reserved():
        with pytest.raises(OfflineError, match="already at work"), Workspace(tmp_path).reserved():
            pass
        with Workspace(tmp_path / "another").reserved():
            pass
    with Workspace(tmp_path).reserved():
        pass


def test_forgetting_leaves_what_somebody_else_put_there(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.state.mkdir()
    (workspace.state / "dynamodb.json").touch()
    workspace.outputs.touch()
    (tmp_path / "my-notes.txt").touch()
    with workspace.reserved():
        pass
    workspace.forget()
    assert [it.name for it in tmp_path.iterdir()] == ["my-notes.txt"]


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def _reserve(workspace: Workspace) -> None:
    with workspace.reserved():
        pass


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("make", [Workspace.prepare, _reserve])
def test_a_workspace_is_its_owners_alone(tmp_path: Path, make: Callable[[Workspace], None]) -> None:
    workspace = Workspace(tmp_path / "kept" / ".local")
    make(workspace)
    assert mode(workspace.root) == "0o700"
    assert {mode(it) for it in workspace.root.iterdir()} <= {"0o600"}


@pytest.mark.usefixtures("umask")
def test_what_is_written_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text("as others could read it")
    file.chmod(0o666)
    file.with_suffix(".draft").write_text("left over")
    write_private(file, "{}")
    assert (mode(file), file.read_text()) == ("0o600", "{}")
    log = tmp_path / "old.log"
    log.write_text("as others could read it")
    with open_private(log, anew=True) as opened:
        opened.write(b"new")
    assert (mode(log), log.read_text()) == ("0o600", "new")


@pytest.mark.usefixtures("umask")
def test_a_providers_books_are_its_owners_alone(tmp_path: Path) -> None:
    ledger = Ledger.opened(tmp_path / "books.json")
    ledger.issue_key(None)
    assert mode(tmp_path / "books.json") == "0o600"


@pytest.mark.usefixtures("umask")
def test_a_workspace_that_others_could_read_is_closed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / ".local")
    workspace.root.mkdir()
    workspace.state.mkdir()
    (tmp_path / "elsewhere").touch()
    (tmp_path / "elsewhere").chmod(0o644)
    (workspace.state / "link").symlink_to(tmp_path / "elsewhere")
    (workspace.state / "gone").symlink_to(tmp_path / "gone")
    secrets = [workspace.demo_password, workspace.outputs, workspace.state / "cognito.json"]
    for kept in secrets:
        kept.touch()
        kept.chmod(0o644)
    (workspace.root / "my-notes.txt").touch()
    (workspace.root / "my-notes.txt").chmod(0o664)
    for folder in (workspace.root, workspace.state):
        folder.chmod(0o755)

    workspace.prepare()

    assert {mode(it) for it in (workspace.root, workspace.state)} == {"0o700"}
    assert {mode(it) for it in secrets} == {"0o600"}
    assert mode(workspace.root / "my-notes.txt") == "0o664"
    assert mode(tmp_path / "elsewhere") == "0o644"


def test_a_folder_for_everybody_is_no_workspace(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(OfflineError, match="choose a folder of your own"):
        Workspace(tmp_path).prepare()
    assert mode(tmp_path) == "0o1777"
