"""One command at a time works in a workspace, and it forgets only what it made."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.errors import OfflineError
from local.workspace import Workspace


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
