"""Shared ground: who may call, and for what. Tokens name customers by ``sub`` alone."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.user_pool import add_app, add_scopes, open_login, user_pool
from stacks.services import Service, machine_scopes, scopes
from stacks.stage import Stage

SERVICE = Service(
    name="identity",
    owner="platform",
    purpose="users and their tokens",
)
REMEMBERED = Duration.days(30)
"""After it a customer logs in again."""


class IdentityStack(ServiceStack):
    """The pool keeps user names and passwords; names and addresses live with customers only."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        users = user_pool(self, "Users", stage, mfa=cognito.Mfa.OPTIONAL)
        acknowledge(
            users,
            "The plus plan is paid for each active user; what it adds, detection of stolen "
            "passwords, is a decision for whoever runs this with customers of their own.",
            "AwsSolutions-COG8",
        )
        acknowledge(
            users,
            "Shoppers choose whether they want a second factor: asking it of each would cost the "
            "shop more orders than it protects. Authenticator apps are offered, text messages not.",
            "AwsSolutions-COG2",
        )
        self._users = users
        asked = self._add_scopes({**scopes(), **machine_scopes()})
        web = add_app(
            users,
            "WebClient",
            [asked[it] for it in scopes()],
            urls=[stage.web_origin],
            session=REMEMBERED,
        )
        self._let_machines_in([asked[it] for it in machine_scopes()])
        prefix = f"{PRODUCT}-{stage.name}-customers-{self.account}"
        self.publish("login-url", open_login(self, "Login", users, prefix))
        self.publish("user-pool-arn", users.user_pool_arn)
        self.publish("web-client-name", web.user_pool_client_id)

    def _add_scopes(self, wanted: Mapping[str, str]) -> dict[str, cognito.OAuthScope]:
        """A resource server for each service that asks for scopes; the scopes by their names."""
        found: dict[str, cognito.OAuthScope] = {}
        for server in sorted({scope.partition("/")[0] for scope in wanted}):
            begin = f"{server}/"
            what = {it.removeprefix(begin): wanted[it] for it in wanted if it.startswith(begin)}
            made = add_scopes(self._users, f"{server.title()}Scopes", server, what)
            found |= {begin + name: scope for name, scope in made.items()}
        return found

    def _let_machines_in(self, scopes: list[cognito.OAuthScope]) -> None:
        """A client of its own, with a secret and nobody who logs in: no customer's scope is its."""
        machines = self._users.add_client(
            "MachineClient",
            generate_secret=True,
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(client_credentials=True), scopes=scopes
            ),
            access_token_validity=Duration.hours(1),
            enable_token_revocation=True,
        )
        resource = machines.node.default_child
        assert isinstance(resource, cognito.CfnUserPoolClient)
        resource.explicit_auth_flows = ["ALLOW_REFRESH_TOKEN_AUTH"]
        self.publish("machine-client-name", machines.user_pool_client_id)

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        return stage.token_authorizer_arn is None
