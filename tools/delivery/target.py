"""What an account that is deployed to gives the pipelines: roles, and a watch over what is new."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from contracts.product import PRODUCT, PRODUCT_TITLE
from stacks.services import Service
from tools.delivery import places
from tools.delivery.places import PRODUCTION, STAGING, Places

WATCHED = Duration.minutes(30)
LOOKED = Duration.minutes(1)
LOOKS = 30
"""How long alarms must be quiet after a deployment, and how often they are looked at."""
QUALIFIER = "hnb659fds"
"""Of the CDK's bootstrap stack, whose roles do the deployment itself."""
ASKED = (
    "apigateway:GET", "appconfig:Get*", "appconfig:List*", "cloudformation:DescribeStacks",
    "cloudformation:ListStackResources", "cloudwatch:DescribeAlarms", "iam:GetRole",
    "iam:SimulatePrincipalPolicy", "lambda:GetAccountSettings", "lambda:GetFunctionConfiguration",
    "lambda:ListEventSourceMappings", "lambda:ListFunctions", "ses:GetEmailIdentity",
    "sns:ListSubscriptionsByTopic", "ssm:GetParameter", "ssm:GetParameters",
)  # fmt: skip
"""What `make deploy` and `make smoke` look at before and after; nothing of it changes anything."""
CONFIGURED = (
    "appconfig:CreateHostedConfigurationVersion", "appconfig:StartDeployment",
    "appconfig:StopDeployment", "appconfig:TagResource", "appconfig:ValidateConfiguration",
)  # fmt: skip
TRIED = (
    "cognito-idp:AdminCreateUser", "cognito-idp:AdminDeleteUser",
    "cognito-idp:AdminSetUserPassword", "cognito-idp:DescribeUserPoolClient",
    "dynamodb:DescribeTable", "events:PutEvents", "lambda:InvokeFunction", "logs:FilterLogEvents",
    "secretsmanager:DescribeSecret", "sqs:GetQueueAttributes", "states:DescribeExecution",
)  # fmt: skip
"""What `make smoke` does in staging besides: one order of a customer whom it makes and deletes."""


class TargetStack(Stack):
    """A role for each service that its own project alone may assume, and in production canaries."""

    def __init__(
        self,
        scope: Construct,
        stage: str,
        services: Iterable[Service],
        *,
        delivered: Places,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            scope,
            f"{PRODUCT}-{stage}-delivered-to",
            description=f"{PRODUCT_TITLE}: who may deploy to {stage}",
            termination_protection=True,
            **kwargs,
        )
        self._stage = stage
        self._places = delivered
        for service in services:
            self._let_deploy(service)
            if stage == PRODUCTION:
                self._let_start(service, self._watch(service))

    def _let_deploy(self, service: Service) -> None:
        role = iam.Role(
            self,
            f"Deliver-{service.name}",
            role_name=places.deploy_role(service.name),
            assumed_by=self._of_tools(places.build_role(service.name, self._stage)),
            max_session_duration=Duration.hours(2),
        )
        allow_deployment(role, self)
        if self._stage == STAGING:
            role.add_to_policy(iam.PolicyStatement(actions=list(TRIED), resources=["*"]))

    def _let_start(self, service: Service, machine: sfn.StateMachine) -> None:
        role = iam.Role(
            self,
            f"Canary-{service.name}-Role",
            role_name=places.canary_role(service.name),
            assumed_by=self._of_tools(places.pipeline_role(service.name)),
        )
        name = places.canary_name(service.name)
        let_watch(role, self, name)
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["states:DescribeStateMachine"], resources=[machine.state_machine_arn]
            )
        )

    def _of_tools(self, role: str) -> iam.ArnPrincipal:
        account = self._places.accounts["tools"]
        return iam.ArnPrincipal(f"arn:{self.partition}:iam::{account}:role/{role}")

    def _watch(self, service: Service) -> sfn.StateMachine:
        """Looks at the service's alarms again and again; one that rings fails the execution."""
        look = tasks.CallAwsService(
            self,
            f"Look-{service.name}",
            service="cloudwatch",
            action="describeAlarms",
            parameters={
                "AlarmNamePrefix": f"{service.stack_name(self._stage)}-",
                "StateValue": "ALARM",
            },
            iam_resources=["*"],  # CloudWatch has no smaller one for this
            iam_action="cloudwatch:DescribeAlarms",
            result_selector={"ringing.$": "States.ArrayLength($.MetricAlarms)"},
            result_path="$.found",
        )
        look.add_retry(max_attempts=5)
        count = sfn.Pass(
            self,
            f"Count-{service.name}",
            parameters={"looks.$": "States.MathAdd($.looks, 1)"},
        )
        refused = sfn.Fail(
            self,
            f"Refused-{service.name}",
            error="AlarmRings",
            cause=f"An alarm of {service.name} rings after its deployment: it is taken back.",
        )
        wait = sfn.Wait(self, f"Wait-{service.name}", time=sfn.WaitTime.duration(LOOKED))
        decide = (
            sfn.Choice(self, f"Decide-{service.name}")
            .when(sfn.Condition.number_greater_than("$.found.ringing", 0), refused)
            .when(
                sfn.Condition.number_greater_than_equals("$.looks", LOOKS),
                sfn.Succeed(self, f"Accepted-{service.name}"),
            )
            .otherwise(count.next(wait))
        )
        wait.next(look)
        begin = sfn.Pass(self, f"Begin-{service.name}", result=sfn.Result.from_object({"looks": 0}))
        log = logs.LogGroup(
            self,
            f"Canary-{service.name}-Log",
            log_group_name=f"/aws/vendedlogs/states/{places.canary_name(service.name)}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        return sfn.StateMachine(
            self,
            f"Canary-{service.name}",
            state_machine_name=places.canary_name(service.name),
            definition_body=sfn.DefinitionBody.from_chainable(begin.next(look).next(decide)),
            timeout=Duration.minutes(WATCHED.to_minutes() + 15),
            logs=sfn.LogOptions(destination=log, level=sfn.LogLevel.ALL),
            tracing_enabled=True,
        )


def let_watch(role: iam.Role, stack: Stack, name: str) -> None:
    """Start the canary of that name, and ask how it ends."""
    place = f"{stack.region}:{stack.account}"
    for action, arn in (
        ("states:StartExecution", f"states:{place}:stateMachine:{name}"),
        ("states:DescribeExecution", f"states:{place}:execution:{name}:*"),
    ):
        role.add_to_policy(
            iam.PolicyStatement(actions=[action], resources=[f"arn:{stack.partition}:{arn}"])
        )


def allow_deployment(role: iam.Role, stack: Stack) -> None:
    """The CDK's own roles do the deployment; besides, a stage may be asked and configured."""
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["sts:AssumeRole"],
            resources=[
                f"arn:{stack.partition}:iam::{stack.account}:role/"
                f"cdk-{QUALIFIER}-{kind}-role-{stack.account}-{stack.region}"
                for kind in ("deploy", "file-publishing", "lookup")
            ],
        )
    )
    role.add_to_policy(iam.PolicyStatement(actions=list(ASKED), resources=["*"]))
    role.add_to_policy(
        iam.PolicyStatement(
            actions=list(CONFIGURED),
            resources=[f"arn:{stack.partition}:appconfig:{stack.region}:{stack.account}:*"],
        )
    )
