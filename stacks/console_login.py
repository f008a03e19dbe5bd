"""Who may use the console: operators' own user pool, the app's client in it, its scopes."""

from aws_cdk import Duration, Fn
from aws_cdk import aws_cognito as cognito
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.user_pool import user_pool
from stacks.partitions import login_domain

READ, OPERATE = "read", "operate"
GROUP = "operators"
WORKDAY = Duration.hours(10)
"""After it an operator logs in again."""


class OperatorsLogin(Construct):
    """A pool of operators alone: no customer is in it, and none of its clients serves customers.

    ``url`` is where they log in. ``scopes`` are by name; the app gets both, so that who may operate
    is besides a question of the group.
    """

    def __init__(self, stack: ServiceStack, id: str, *, app_url: str) -> None:
        super().__init__(stack, id)
        stage = stack.stage
        mfa = cognito.Mfa.REQUIRED if stage.asks_operators_twice else cognito.Mfa.OPTIONAL
        self.pool = user_pool(self, "Operators", stage, mfa=mfa)
        acknowledge(
            self.pool,
            "The plus plan is paid for each active user; a second factor, which operators have "
            "everywhere but in development, does more against stolen passwords.",
            "AwsSolutions-COG8",
        )
        if not stage.asks_operators_twice:
            acknowledge(
                self.pool,
                "In development nothing is real but the way in: staging and production ask every "
                "operator for a second factor.",
                "AwsSolutions-COG2",
            )
        self.scopes = self._make_scopes()
        self.client = self._make_client(app_url)
        self.url = self._open_a_door(stack)
        cognito.CfnUserPoolGroup(
            self,
            "Group",
            user_pool_id=self.pool.user_pool_id,
            group_name=GROUP,
            description="May change what runs, not only look at it",
        )

    def _make_scopes(self) -> dict[str, cognito.OAuthScope]:
        what = {READ: "Look at the system", OPERATE: "Change what runs"}
        scopes = {
            name: cognito.ResourceServerScope(scope_name=name, scope_description=description)
            for name, description in what.items()
        }
        server = self.pool.add_resource_server(
            "Scopes", identifier="console", scopes=list(scopes.values())
        )
        return {
            name: cognito.OAuthScope.resource_server(server, scope)
            for name, scope in scopes.items()
        }

    def _make_client(self, app_url: str) -> cognito.UserPoolClient:
        client = self.pool.add_client(
            "App",
            generate_secret=False,  # a browser keeps none: PKCE takes its place
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                # Not openid: the app needs no token that says who somebody is.
                scopes=list(self.scopes.values()),
                callback_urls=[app_url],
                logout_urls=[app_url],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
            refresh_token_validity=WORKDAY,
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
        )
        resource = client.node.default_child
        assert isinstance(resource, cognito.CfnUserPoolClient)
        # Passwords are for the login's pages alone: no API takes them.
        resource.explicit_auth_flows = ["ALLOW_REFRESH_TOKEN_AUTH"]
        return client

    def _open_a_door(self, stack: ServiceStack) -> str:
        """The prefix is taken once in a region, by whatever account: so it names the account."""
        domain = cognito.CfnUserPoolDomain(
            self,
            "Domain",
            user_pool_id=self.pool.user_pool_id,
            domain=f"{PRODUCT}-{stack.stage.name}-{stack.account}",
        )
        partition = RegionInfo.get(stack.region).partition
        assert partition, f"{stack.region} is in no partition, which the stage has looked at"
        return Fn.join("", ["https://", domain.ref, login_domain(stack.region, partition)])
