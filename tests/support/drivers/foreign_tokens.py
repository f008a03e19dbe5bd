"""Users of a pool, and tokens of theirs that an app of ours would not get or not use."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from tests.support.drivers.console_login import claims_of
from tests.support.drivers.offline import Deployment
from tools.base.code_flow import Login
from tools.local import operators, tokens

NOWHERE = "http://localhost:1"
PASSWORDS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
STRANGER = "stranger"


@dataclass(frozen=True)
class Member:
    """A user of a pool, and the app in which they log in."""

    deployment: Deployment
    pool: str
    app: str
    username: str
    password: str

    @property
    def scopes(self) -> set[str]:
        """What the app may ask for."""
        return set(self._settings()["AllowedOAuthScopes"])

    def token(self, *scopes: str) -> str:
        """An access token with these scopes, got as the app gets one."""
        url = self._settings()["CallbackURLs"][0]
        return self._logged_in(self.app, url, *scopes)

    def id_token(self) -> str:
        """Says who the user is, and is for an app alone: a client that takes passwords gets one."""
        client = self._client(ExplicitAuthFlows=PASSWORDS)
        answer = self._cognito.initiate_auth(
            ClientId=client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": self.username, "PASSWORD": self.password},
        )
        token: str = answer["AuthenticationResult"]["IdToken"]
        return token

    def short_lived(self, *scopes: str) -> str:
        """An access token that is good for a second."""
        second = {"AccessTokenValidity": 1, "TokenValidityUnits": {"AccessToken": "seconds"}}
        return self._logged_in(self._app(*scopes, **second), NOWHERE, *scopes)

    def of_an_app_with(self, *scopes: str) -> str:
        """A token that an app of the test gets, whatever ours may ask for."""
        return self._logged_in(self._app(*scopes), NOWHERE, *scopes)

    def _app(self, *scopes: str, **settings: Any) -> str:
        return self._client(
            AllowedOAuthFlows=["code"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthScopes=list(scopes),
            CallbackURLs=[NOWHERE],
            **settings,
        )

    def _logged_in(self, client: str, url: str, *scopes: str) -> str:
        login = Login(self.deployment.cloud.endpoint, client, url)
        return login.access_token(self.username, self.password, " ".join(scopes))

    def _client(self, **settings: Any) -> str:
        made = self._cognito.create_user_pool_client(
            UserPoolId=self.pool, ClientName=f"test-{uuid.uuid4()}", **settings
        )
        client: str = made["UserPoolClient"]["ClientId"]
        return client

    def _settings(self) -> Any:
        found = self._cognito.describe_user_pool_client(UserPoolId=self.pool, ClientId=self.app)
        return found["UserPoolClient"]

    @property
    def _cognito(self) -> Any:
        return self.deployment.cloud.client("cognito-idp")


def once_expired(token: str) -> str:
    """The same token, when its time is over."""
    while claims_of(token)["exp"] > int(time.time()):
        time.sleep(0.05)
    return token


def customer(deployment: Deployment, user: str = "demo") -> Member:
    """A demo user, in customers' pool."""
    deployment.token(user)  # who is made by it
    service = deployment.outputs["services"]["identity"]
    return Member(
        deployment,
        service["user_pools"]["Users"],
        service["user_pool_clients"]["Users/WebClient"],
        user,
        tokens.password(deployment.emulator.workspace),
    )


def operator(deployment: Deployment) -> Member:
    """The operator of this deployment, in operators' pool."""
    known = operators.known(deployment.emulator.workspace)
    service = deployment.outputs["services"]["console"]
    return Member(
        deployment,
        service["user_pools"]["Login/Operators"],
        service["user_pool_clients"]["Login/Operators/App"],
        known.username,
        known.password,
    )


def stranger(deployment: Deployment, *scopes: str) -> Member:
    """A user of a pool that no API knows, which has scopes of the same names."""
    cognito = deployment.cloud.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=f"test-{uuid.uuid4()}")["UserPool"]["Id"]
    for server in {it.partition("/")[0] for it in scopes}:
        names = [it.partition("/")[2] for it in scopes if it.startswith(f"{server}/")]
        cognito.create_resource_server(
            UserPoolId=pool,
            Identifier=server,
            Name=server,
            Scopes=[{"ScopeName": name, "ScopeDescription": name} for name in names],
        )
    password = tokens.password(deployment.emulator.workspace)
    cognito.admin_create_user(UserPoolId=pool, Username=STRANGER, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=STRANGER, Password=password, Permanent=True
    )
    return Member(deployment, pool, "", STRANGER, password)
