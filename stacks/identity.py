"""Shared ground: who may call. A user pool whose tokens name customers by ``sub`` alone."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.user_pool import user_pool
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="identity",
    owner="platform",
    purpose="users and their tokens",
)


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
        client = users.add_client(
            "WebClient",
            auth_flows=cognito.AuthFlow(user_password=True, user_srp=True),
            disable_o_auth=True,
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
            prevent_user_existence_errors=True,
        )
        self.publish("user-pool-arn", users.user_pool_arn)
        self.publish("web-client-name", client.user_pool_client_id)

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        return stage.token_authorizer_arn is None
