"""Makes the operator that logs in to the console of this machine, and remembers the password."""

from __future__ import annotations

import json
import secrets
import string
from contextlib import suppress
from dataclasses import asdict, dataclass

from tools.base.endpoint import Cloud
from tools.base.errors import TokenError
from tools.base.outputs import Outputs
from tools.base.workspace import Workspace, write_private

USER = "operator"
GROUP = "operators"
_SERVICE = "console"
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Operator:
    """Where the console is, and who may log in there; kept in ``.local/operator.json``."""

    url: str
    username: str
    password: str


def introduce(outputs: Outputs, cloud: Cloud, workspace: Workspace) -> Operator:
    """The operator of what is deployed, who is made if there is none.

    Raises:
        TokenError: what is deployed has no console.
    """
    service = outputs["services"].get(_SERVICE, {})
    pools = list(service.get("user_pools", {}).values())
    if not pools:
        raise TokenError("no console is deployed: run `make up` first")
    operator = Operator(f"{service['urls']['Api']}/", USER, _password(workspace))
    cognito = cloud.client("cognito-idp")
    with suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(
            UserPoolId=pools[0],
            Username=USER,
            TemporaryPassword=operator.password,
            MessageAction="SUPPRESS",
        )
    # Each time: one whose making was interrupted here could never log in.
    cognito.admin_set_user_password(
        UserPoolId=pools[0], Username=USER, Password=operator.password, Permanent=True
    )
    cognito.admin_add_user_to_group(UserPoolId=pools[0], Username=USER, GroupName=GROUP)
    write_private(workspace.operator, json.dumps(asdict(operator), indent=2) + "\n")
    return operator


def known(workspace: Workspace) -> Operator:
    """The operator as last written down.

    Raises:
        TokenError: nothing was deployed from here, or what was written is damaged.
    """
    try:
        return Operator(**json.loads(workspace.operator.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise TokenError("no operator is known here: run `make up` first") from error


def _password(workspace: Workspace) -> str:
    """This workspace's own, made once."""
    with suppress(TokenError):
        return known(workspace).password
    body = "".join(secrets.choice(_ALPHABET) for _ in range(20))
    return f"{body}-aA1"  # whatever a pool's policy asks for
