"""Releases: leads a new version of a service in containers from a share of the calls to all."""

from typing import Any

from aws_cdk import ArnFormat, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_on
from stacks.constructs.logged_machine import logged_machine
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_stack import ServiceStack
from stacks.releases_machine import release_machine
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="releases",
    owner="platform",
    purpose="new versions of services in containers: canary, promotion, way back",
)
RELEASED = ("pricing",)
"""Services in containers that are released so."""
METRICS = ("cloudwatch:GetMetricData",)


class ReleasesStack(ServiceStack):
    """One state machine, an execution for each release, and one function that takes its steps.

    Published: ``machine-arn``, ``show-releases-arn``.
    """

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.machine_name = f"{PRODUCT}-{stage.name}-releases"
        control = self._make_control()
        machine, role = logged_machine(
            self,
            "Machine",
            name=self.machine_name,
            comment="Releases a version: a share of the calls first, then all or none",
            definition=release_machine(),
            substitutions={"Control": control.function_arn},
        )
        role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[control.function_arn])
        )
        alarm_on(
            self,
            "NotPromoted",
            what="a release was not promoted",
            metric=cloudwatch.Metric(
                namespace="AWS/States",
                metric_name="ExecutionsFailed",
                dimensions_map={"StateMachineArn": machine.state_machine_arn},
                statistic="Sum",
                period=Duration.minutes(1),
            ),
        )
        self.publish("machine-arn", machine.state_machine_arn)
        self._show(machine.state_machine_arn)

    def _show(self, machine: str) -> None:
        show = MicroserviceFunction(
            self,
            "ShowReleases",
            handler="show_releases",
            description="For operators that only look: how releases stand",
            environment={
                "SERVICES_PATH": self._services_path,
                "MACHINE_ARN": machine,
                "RELEASED": ",".join(RELEASED),
            },
        )
        grant(show, "states:ListExecutions", on=machine)
        executions = f"{self.machine_name}:*"
        grant(
            show,
            "states:DescribeExecution",
            "states:GetExecutionHistory",
            on=self._arn("states", "execution", executions),
        )
        grant(show, "ssm:GetParameters", on=self._places())
        assert show.role
        acknowledge(
            show.role,
            "Executions are named after versions: whoever looks at releases looks at any of them.",
            f"AwsSolutions-IAM5[Resource::arn:{self.partition}:states:"
            f"{self.region}:<AWS::AccountId>:execution:{executions}]",
        )
        self.publish("show-releases-arn", show.function_arn)

    @property
    def _services_path(self) -> str:
        return self.stage.parameter("", "").rstrip("/")

    def _places(self) -> list[str]:
        """Parameters by which services say where their versions run."""
        path = self._services_path
        return [
            self.format_arn(service="ssm", resource="parameter", resource_name=it[1:])
            for service in RELEASED
            for it in (
                f"{path}/releases/{service}",
                *(
                    f"{path}/{service}/{name}-name"
                    for name in ("cluster", "tasks", "stack", "metrics")
                ),
            )
        ]

    def _make_control(self) -> MicroserviceFunction:
        machine = self._arn("states", "stateMachine", self.machine_name)
        control = MicroserviceFunction(
            self,
            "Control",
            handler="control",
            description="Takes the steps of a release",
            timeout=Duration.seconds(15),
            environment={"SERVICES_PATH": self._services_path, "MACHINE_ARN": machine},
        )
        grant(control, "states:ListExecutions", on=machine)
        grant(control, "ssm:GetParameters", on=self._places())
        if self.stage.containers:
            self._allow_ecs(control)
        return control

    def _allow_ecs(self, control: MicroserviceFunction) -> None:
        """Their names are made up when they are deployed, and begin with their stacks'."""
        grant(control, *METRICS, on="*")
        below: list[str] = []
        for service in RELEASED:
            stack = f"{PRODUCT}-{self.stage.name}-{service}"
            stacks = f"stack/{stack}/*"
            grant(
                control,
                "cloudformation:DescribeStacks",
                "cloudformation:UpdateStack",
                "cloudformation:CancelUpdateStack",
                on=self.format_arn(service="cloudformation", resource=stacks),
            )
            below.append(f"cloudformation:{self.region}:<AWS::AccountId>:{stacks}")
            for actions, resource in (
                (("ecs:ListServiceDeployments",), f"service/{stack}-*"),
                (
                    (
                        "ecs:DescribeServiceDeployments",
                        "ecs:ContinueServiceDeployment",
                        "ecs:StopServiceDeployment",
                    ),
                    f"service-deployment/{stack}-*",
                ),
            ):
                grant(control, *actions, on=self.format_arn(service="ecs", resource=resource))
                below.append(f"ecs:{self.region}:<AWS::AccountId>:{resource}")
        assert control.role
        acknowledge(
            control.role,
            "CloudFormation makes names up that begin with the stack's: a release looks at the "
            "deployments of its services alone. CloudWatch's figures know no resource.",
            *(f"AwsSolutions-IAM5[Resource::arn:{self.partition}:{it}]" for it in below),
        )

    def _arn(self, service: str, kind: str, name: str) -> str:
        """By name, since machine and function name each other: a reference would be a circle."""
        return self.format_arn(
            service=service,
            resource=kind,
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
