"""Demo users need a user pool, and a password that is in no file of the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.base.endpoint import Cloud
from tools.base.errors import TokenError
from tools.base.workspace import Workspace
from tools.local import tokens


@pytest.mark.parametrize("services", [{}, {"identity": {"urls": {}, "user_pools": {"Users": "x"}}}])
def test_without_a_pool_and_its_client_there_is_no_token(services: Any, tmp_path: Path) -> None:
    cloud = Cloud("http://127.0.0.1:9")
    with pytest.raises(TokenError, match="identity"):
        tokens.token({"services": services}, cloud, Workspace(tmp_path))


def test_each_workspace_has_a_password_of_its_own_that_only_its_owner_can_read(
    tmp_path: Path,
) -> None:
    workspaces = [Workspace(tmp_path / name) for name in ("a", "b")]
    for workspace in workspaces:
        workspace.root.mkdir()
    first, second = [tokens.password(workspace) for workspace in workspaces]
    assert first != second
    assert tokens.password(workspaces[0]) == first
    assert workspaces[0].demo_password.stat().st_mode & 0o077 == 0
    assert len(first) >= 20
