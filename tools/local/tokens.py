"""Signs demo users in: makes them when they are first wanted, and hands out their tokens."""

from __future__ import annotations

import secrets
import string
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from tools.base.endpoint import Cloud
from tools.base.errors import TokenError
from tools.base.outputs import Outputs
from tools.base.workspace import Workspace

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

Kind = Literal["id", "access"]
_SERVICE = "identity"
_ALPHABET = string.ascii_letters + string.digits


def token(
    outputs: Outputs, cloud: Cloud, workspace: Workspace, *, user: str = "demo", kind: Kind = "id"
) -> str:
    """A fresh token of a demo user, who is made if there is none of that name.

    Raises:
        TokenError: what is deployed has no user pool, or its client takes no passwords.
    """
    pool, client = _pool_and_client(outputs)
    cognito = cloud.client("cognito-idp")
    secret = password(workspace)
    _ensure_user(cognito, pool, user, secret)
    try:
        answer = cognito.initiate_auth(
            ClientId=client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user, "PASSWORD": secret},
        )["AuthenticationResult"]
    except (cognito.exceptions.ClientError, KeyError) as error:
        raise TokenError(f"user {user} could not sign in: {error}") from error
    return answer["IdToken"] if kind == "id" else answer["AccessToken"]


def _pool_and_client(outputs: Outputs) -> tuple[str, str]:
    service = outputs["services"].get(_SERVICE, {})
    pools = list(service.get("user_pools", {}).values())
    clients = list(service.get("user_pool_clients", {}).values())
    if not pools or not clients:
        raise TokenError(f"the deployed stack `{_SERVICE}` has no user pool with a client")
    return pools[0], clients[0]


def _ensure_user(cognito: CognitoIdentityProviderClient, pool: str, user: str, secret: str) -> None:
    with suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(
            UserPoolId=pool, Username=user, TemporaryPassword=secret, MessageAction="SUPPRESS"
        )
    # Each time: a user whose making was interrupted here could never sign in.
    cognito.admin_set_user_password(UserPoolId=pool, Username=user, Password=secret, Permanent=True)


def password(workspace: Workspace) -> str:
    """This workspace's own random password for demo users, made once."""
    file = workspace.demo_password
    if not file.exists():
        body = "".join(secrets.choice(_ALPHABET) for _ in range(24))
        file.touch(mode=0o600)
        file.write_text(f"{body}-aA1")  # whatever a pool's policy asks for
    return file.read_text()
