"""A new version of a function gets a tenth of an API's calls first, and none if an alarm rings."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_on
from stacks.constructs.service_stack import ServiceStack

ALIAS = "live"
SHIFTS: Mapping[int, codedeploy.ILambdaDeploymentConfig] = {
    5: codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
    10: codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_10_MINUTES,
}
"""By the minutes for which a new version has a tenth. CodeDeploy has these itself."""
FAILS = "UnhandledErrorsOfVersion"
"""Counted by functions for which a version is called: see ``shared.runtime.api``."""


class ShiftedCalls:
    """What the functions of one API have in common: who shifts their calls, and what stops it.

    ``api_fails`` is the alarm of all answers. Each function has one of its new version besides.
    """

    def __init__(self, stack: ServiceStack, *, api_fails: cloudwatch.IAlarm) -> None:
        self._stack = stack
        self._api_fails = api_fails
        self._shift = SHIFTS[stack.stage.canary_minutes]
        self._application = codedeploy.LambdaApplication(stack, "Versions")
        self._role = self._make_role()
        self._aliases: dict[str, lambda_.Alias] = {}

    def of(self, function: lambda_.Function) -> lambda_.Alias:
        """The alias by which an API calls a function: the same one for each of its routes."""
        if function.node.path not in self._aliases:
            self._aliases[function.node.path] = self._alias_of(function)
        return self._aliases[function.node.path]

    def _alias_of(self, function: lambda_.Function) -> lambda_.Alias:
        alias = lambda_.Alias(
            function, "Live", alias_name=ALIAS, version=(version := function.current_version)
        )
        group = codedeploy.LambdaDeploymentGroup(
            function,
            "Shift",
            application=self._application,
            alias=alias,
            deployment_config=self._shift,
            alarms=[self._api_fails, self._alarm_on(function, version)],
            auto_rollback=codedeploy.AutoRollbackConfig(
                failed_deployment=True, stopped_deployment=True, deployment_in_alarm=True
            ),
            # Which may do more than it needs, if the CDK is let add what AWS offers.
            role=self._role.without_policy_updates(),
        )
        self._role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:GetAlias", "lambda:UpdateAlias"],
                resources=[function.function_arn, f"{function.function_arn}:{ALIAS}"],
            )
        )
        group.node.add_dependency(self._role)  # with its policy
        return alias

    def _alarm_on(self, function: lambda_.Function, version: lambda_.IVersion) -> cloudwatch.Alarm:
        """Tell of the version that is new alone: the old one answers nine of ten calls."""
        name = function.function_name
        crashed = cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name="Errors",
            dimensions_map={
                "FunctionName": name,
                "Resource": f"{name}:{ALIAS}",
                "ExecutedVersion": version.version,
            },
            statistic="Sum",
        )
        answered = cloudwatch.Metric(
            namespace=self._stack.stage.metric_namespace,
            metric_name=FAILS,
            dimensions_map={
                "service": self._stack.service,
                "function": name,
                "version": version.version,
            },
            statistic="Sum",
        )
        return alarm_on(
            function,
            "NewVersionFails",
            what=f"the newest version of {function.node.id} fails",
            metric=cloudwatch.MathExpression(
                expression="FILL(crashed, 0) + FILL(answered, 0)",
                using_metrics={"crashed": crashed, "answered": answered},
                period=Duration.minutes(1),
            ),
            more_than=1,  # one call says nothing
        )

    def _make_role(self) -> iam.Role:
        stack = self._stack
        role = iam.Role(
            stack,
            "ShiftRole",
            role_name=stack.stage.role_name(stack.service, "Shift"),
            description="Lets CodeDeploy shift calls between two versions while alarms are quiet",
            # No condition on the caller's account: CodeDeploy takes a role of its own account only,
            # and does not promise to say for whom it assumes one.
            assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"),
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["cloudwatch:DescribeAlarms"],
                resources=[stack.format_arn(service="cloudwatch", resource="alarm:*")],
            )
        )
        acknowledge(
            role,
            "CodeDeploy asks for alarms as a list, which CloudWatch allows for all alarms or none; "
            "it reads their state and nothing else.",
            f"AwsSolutions-IAM5[Resource::arn:{stack.partition}:cloudwatch:{stack.region}:"
            "<AWS::AccountId>:alarm:*]",
        )
        return role
