"""What an account and a region have once, whatever environments are deployed there.

The stack belongs to no environment: each one brings the same template, the first that is deployed
makes it, and none takes it away again.
"""

from typing import Any

from aws_cdk import CfnResource, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="account",
    owner="platform",
    purpose="what an account and a region have once",
    of_every_environment=True,
)


class AccountStack(ServiceStack):
    """API Gateway has one role for the logs of all APIs: the last that is set counts for all."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        role = iam.Role(
            self,
            "ApiLogRole",
            # No condition on the caller's account: API Gateway takes a role of its own account
            # only, and does not promise to say for whom it assumes one.
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(
                    "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
                )
            ],
        )
        acknowledge(
            role,
            "AWS maintains this policy for exactly this role, which API Gateway alone may assume.",
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/"
            "service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
        )
        api_account = apigateway.CfnAccount(self, "ApiAccount", cloud_watch_role_arn=role.role_arn)
        # In an account that never had anything of API Gateway this resource is refused. A key that
        # opens nothing is the least that there is, and costs nothing.
        first = apigateway.CfnApiKey(
            self,
            "FirstOfApiGateway",
            description="Opens nothing: API Gateway takes settings only where it has something",
            enabled=False,
        )
        api_account.add_resource_dependency(first)
        for resource in (role.node.default_child, api_account, first):
            assert isinstance(resource, CfnResource)
            resource.apply_removal_policy(RemovalPolicy.RETAIN)
