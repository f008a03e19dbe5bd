"""The console's operator is made once, and written down for the checkout's owner alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from tools.base.endpoint import Cloud
from tools.base.errors import TokenError
from tools.base.workspace import Workspace
from tools.local import operators

OUTPUTS = {
    "services": {
        "console": {
            "urls": {"Api": "http://127.0.0.1:9/_aws/execute-api/a/live"},
            "user_pools": {"Login/Operators": "pool-1"},
        }
    }
}


class Pool:
    """Cognito with one pool, as far as making an operator needs it."""

    class exceptions:  # noqa: N801 - boto3's name
        class UsernameExistsException(Exception):
            """The user is there."""

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Any]] = {}

    def client(self, _service: str) -> Pool:
        return self

    def admin_create_user(self, **asked: Any) -> None:
        if asked["Username"] in self.users:
            raise self.exceptions.UsernameExistsException
        self.users[asked["Username"]] = {}

    def admin_set_user_password(self, **asked: Any) -> None:
        assert asked["Permanent"]
        self.users[asked["Username"]]["password"] = asked["Password"]

    def admin_add_user_to_group(self, **asked: Any) -> None:
        self.users[asked["Username"]]["group"] = asked["GroupName"]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def introduce(pool: Pool, workspace: Workspace) -> operators.Operator:
    return operators.introduce(OUTPUTS, cast(Cloud, pool), workspace)


def test_an_operator_is_made_and_written_down_for_the_owner_alone(workspace: Workspace) -> None:
    pool = Pool()
    operator = introduce(pool, workspace)
    assert operator.url == "http://127.0.0.1:9/_aws/execute-api/a/live/"
    assert pool.users == {"operator": {"password": operator.password, "group": "operators"}}
    assert workspace.operator.stat().st_mode & 0o077 == 0
    assert json.loads(workspace.operator.read_text()) == {
        "url": operator.url,
        "username": operator.username,
        "password": operator.password,
    }
    assert operators.known(workspace) == operator


def test_the_password_stays_whatever_is_deployed_again(workspace: Workspace) -> None:
    first = introduce(Pool(), workspace)
    assert introduce(Pool(), workspace) == first


def test_each_workspace_has_a_password_of_its_own(tmp_path: Path) -> None:
    passwords = set()
    for name in ("a", "b"):
        workspace = Workspace(tmp_path / name)
        workspace.root.mkdir()
        passwords.add(introduce(Pool(), workspace).password)
    assert len(passwords) == 2
    assert all(len(it) >= 20 for it in passwords)


@pytest.mark.parametrize("services", [{}, {"console": {"urls": {}}}])
def test_without_a_console_there_is_no_operator(services: Any, workspace: Workspace) -> None:
    with pytest.raises(TokenError, match="no console is deployed"):
        operators.introduce({"services": services}, cast(Cloud, Pool()), workspace)


@pytest.mark.parametrize("left", [None, "", "{}", '{"url": 1, "more": 2}', "["])
def test_what_was_not_written_down_is_not_known(left: str | None, workspace: Workspace) -> None:
    if left is not None:
        workspace.operator.write_text(left)
    with pytest.raises(TokenError, match="make up"):
        operators.known(workspace)
    assert len(introduce(Pool(), workspace).password) >= 20


def test_what_is_forgotten_is_forgotten_with_it(workspace: Workspace) -> None:
    introduce(Pool(), workspace)
    workspace.forget()
    assert not workspace.operator.exists()
