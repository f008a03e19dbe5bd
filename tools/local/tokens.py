"""Logs demo users in: makes them when they are first wanted, and hands out their tokens."""

from __future__ import annotations

import base64
import json
import secrets
import string
from contextlib import suppress
from typing import TYPE_CHECKING

from tools.base.code_flow import Login, machine_token
from tools.base.endpoint import Cloud
from tools.base.errors import TokenError
from tools.base.outputs import Outputs
from tools.base.workspace import Workspace

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

_SERVICE = "identity"
_APP, _MACHINE = "Users/WebClient", "Users/MachineClient"
_ALPHABET = string.ascii_letters + string.digits


def token(
    outputs: Outputs,
    cloud: Cloud,
    workspace: Workspace,
    *,
    user: str = "demo",
    scopes: str | None = None,
) -> str:
    """A fresh access token of a demo user, who is made if there is none of that name.

    ``scopes``, such as ``orders/read customers/read``, are all that customers' app may ask for
    where nothing is said.

    Raises:
        TokenError: what is deployed has no user pool, or the login refuses the user or the scopes.
    """
    pool, client = _pool_and_client(outputs, _APP)
    cognito = cloud.client("cognito-idp")
    secret = password(workspace)
    _ensure_user(cognito, pool, user, secret)
    app = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client)["UserPoolClient"]
    login = Login(cloud.endpoint, client, app["CallbackURLs"][0])
    return login.access_token(user, secret, scopes or " ".join(app["AllowedOAuthScopes"]))


def subject(token: str) -> str:
    """Whom a token names, as the APIs know them."""
    claims = token.split(".")[1]
    found: str = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    return found


def of_a_machine(outputs: Outputs, cloud: Cloud, scopes: str = "") -> str:
    """A fresh token of another company's system, with ``scopes`` or all that it may have.

    Raises:
        TokenError: what is deployed has no client for one.
    """
    pool, client = _pool_and_client(outputs, _MACHINE)
    app = cloud.client("cognito-idp").describe_user_pool_client(UserPoolId=pool, ClientId=client)
    return machine_token(cloud.endpoint, client, app["UserPoolClient"]["ClientSecret"], scopes)


def _pool_and_client(outputs: Outputs, client: str) -> tuple[str, str]:
    service = outputs["services"].get(_SERVICE, {})
    pools = list(service.get("user_pools", {}).values())
    clients = service.get("user_pool_clients", {})
    if not pools or client not in clients:
        raise TokenError(f"the deployed stack `{_SERVICE}` has no user pool with a {client}")
    return pools[0], clients[client]


def _ensure_user(cognito: CognitoIdentityProviderClient, pool: str, user: str, secret: str) -> None:
    with suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(
            UserPoolId=pool, Username=user, TemporaryPassword=secret, MessageAction="SUPPRESS"
        )
    # Each time: a user whose making was interrupted here could never log in.
    cognito.admin_set_user_password(UserPoolId=pool, Username=user, Password=secret, Permanent=True)


def password(workspace: Workspace) -> str:
    """This workspace's own random password for demo users, made once."""
    file = workspace.demo_password
    if not file.exists():
        body = "".join(secrets.choice(_ALPHABET) for _ in range(24))
        file.touch(mode=0o600)
        file.write_text(f"{body}-aA1")  # whatever a pool's policy asks for
    return file.read_text()
