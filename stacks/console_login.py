"""Who may use the console: operators' own user pool, the app's client in it, its scopes."""

from aws_cdk import Duration
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.user_pool import add_app, add_scopes, open_login, user_pool
from stacks.services import operator_scopes

READ, OPERATE = "read", "operate"
SERVER = "console"
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
        self.scopes = add_scopes(
            self.pool,
            "Scopes",
            SERVER,
            {it.removeprefix(f"{SERVER}/"): what for it, what in operator_scopes().items()},
        )
        self.client = add_app(
            self.pool, "App", self.scopes.values(), urls=[app_url], session=WORKDAY
        )
        prefix = f"{PRODUCT}-{stage.name}-{stack.account}"
        self.url = open_login(self, "Domain", self.pool, prefix)
        cognito.CfnUserPoolGroup(
            self,
            "Group",
            user_pool_id=self.pool.user_pool_id,
            group_name=GROUP,
            description="May change what runs, not only look at it",
        )
