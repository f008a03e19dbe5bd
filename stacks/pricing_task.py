"""Pricing's task: the server, Envoy before it, AppConfig's agent and the log router beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnParameter, Duration, RemovalPolicy
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.rotated_secret import RotatedSecret
from stacks.constructs.service_configuration import READ, ServiceConfiguration
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_stack import ServiceStack
from stacks.pricing_lattice import GRPC, HEALTH, REST

SERVER, ENVOY, AGENT, LOG_ROUTER = "server", "envoy", "agent", "log-router"
AGENT_IMAGE = "public.ecr.aws/aws-appconfig/aws-appconfig-agent:2.x"
LOG_ROUTER_IMAGE = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"
SERVER_PORT = 50051
AGENT_URL = "http://localhost:2772"
"""Containers of a task share their loopback; nothing else reaches it."""
AGENT_TOKEN = "token"  # noqa: S105 - the field of the secret
POLL_SECONDS = 15
NOBODY = "65532:65532"
DRAINING = Duration.seconds(90)
"""Within the two minutes that Spot gives: NOT_SERVING, three health checks, then the end."""


class PricingTask(ecs.FargateTaskDefinition):
    """512 units and 1 GB on Graviton, without a volume; the file systems cannot be written.

    ``version`` is the tag of both images, and what metrics and log lines name. ``envoy`` is its
    configuration as JSON, ``variables`` are further ones of the server's environment.
    """

    def __init__(
        self,
        stack: ServiceStack,
        *,
        version: CfnParameter,
        envoy: str,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._stack = stack
        super().__init__(
            stack,
            "Task",
            cpu=512,
            memory_limit_mib=1024,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
            task_role=_role(stack, "Task"),
            execution_role=_role(stack, "Execution"),
        )
        acknowledge(
            self,
            "Variables hold names and ARNs, which rules of the templates check; what is secret "
            "comes by reference.",
            "AwsSolutions-ECS2",
        )
        assert self.execution_role
        acknowledge(
            self.execution_role,
            "ECR's token is for a registry, not for a repository: AWS knows no resource for it.",
            "AwsSolutions-IAM5[Resource::*]",
        )
        self._images = ecr.Repository.from_repository_name(
            stack, "Images", stack.find("network", f"{stack.service}-images-name")
        )
        self._version = version.value_as_string
        self.logs = logs.LogGroup(
            stack,
            "TaskLogs",
            retention=stack.stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.logs.grant_write(self.task_role)
        self._route_logs()
        self._agent = agent = self._add_agent()
        self._server = server = self._add_server(variables or {})
        envoy_container = self._add_envoy(envoy)
        server.add_container_dependencies(_healthy(agent))
        envoy_container.add_container_dependencies(
            ecs.ContainerDependency(
                container=server, condition=ecs.ContainerDependencyCondition.START
            )
        )

    def read(self, configuration: ServiceConfiguration, token: RotatedSecret) -> None:
        """Let the server have its documents from the agent beside it, which asks with the role.

        The agent answers nobody without the token, which both get when the task begins.
        """
        assert self.execution_role
        given = token.given_at_the_start(self.execution_role, AGENT_TOKEN)
        self._agent.add_secret("ACCESS_TOKEN", given)
        self._server.add_secret("CONFIGURATION_AGENT_TOKEN", given)
        for name, value in configuration.variables(AGENT_URL, str(POLL_SECONDS)).items():
            self._server.add_environment(name, value)
        self._agent.add_environment("PREFETCH_LIST", configuration.prefetched)
        self.task_role.add_to_principal_policy(
            iam.PolicyStatement(actions=list(READ), resources=configuration.arns)
        )

    def _route_logs(self) -> None:
        """It must not be lost with what it reports on: so ECS counts it among the essentials."""
        self.add_firelens_log_router(
            LOG_ROUTER,
            image=ecs.ContainerImage.from_registry(LOG_ROUTER_IMAGE),
            essential=True,
            memory_reservation_mib=50,
            firelens_config=ecs.FirelensConfig(
                type=ecs.FirelensLogRouterType.FLUENTBIT,
                options=ecs.FirelensOptions(enable_ecs_log_metadata=True),
            ),
            logging=ecs.LogDrivers.aws_logs(stream_prefix=LOG_ROUTER, log_group=self.logs),
        )

    def _add_agent(self) -> ecs.ContainerDefinition:
        return self.add_container(
            AGENT,
            image=ecs.ContainerImage.from_registry(AGENT_IMAGE),
            essential=True,
            readonly_root_filesystem=True,
            memory_reservation_mib=64,
            environment={"POLL_INTERVAL": str(POLL_SECONDS)},
            logging=self._routed(AGENT),
            health_check=_health("/bin/aws-appconfig-agent-health || exit 1"),
        )

    def _add_server(self, variables: Mapping[str, str]) -> ecs.ContainerDefinition:
        stack = self._stack
        secret = stack.find("signing", "quote-signing-secret-arn")
        key = stack.find("signing", "quote-signing-key-arn")
        for action, resource in (("secretsmanager:GetSecretValue", secret), ("kms:Decrypt", key)):
            self.task_role.add_to_principal_policy(
                iam.PolicyStatement(actions=[action], resources=[resource])
            )
        server = self.add_container(
            SERVER,
            image=ecs.ContainerImage.from_ecr_repository(self._images, self._version),
            essential=True,
            user=NOBODY,
            readonly_root_filesystem=True,
            memory_reservation_mib=512,
            stop_timeout=DRAINING,
            environment={
                "SERVICE": stack.service,
                "METRIC_NAMESPACE": stack.stage.metric_namespace,
                "RELEASE": self._version,
                "PORT": str(SERVER_PORT),
                # Read while it runs, and not given as a value: a quote names the version of the
                # secret, which ECS does not tell, and a rotation asks for no new tasks.
                "QUOTE_SIGNING_SECRET_ARN": secret,
                **({"REFLECTION": "yes"} if stack.stage.name == "dev" else {}),
                **variables,
            },
            logging=self._routed(SERVER),
        )
        server.add_ulimits(
            ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=16384, hard_limit=16384)
        )
        return server

    def _add_envoy(self, configuration: str) -> ecs.ContainerDefinition:
        return self.add_container(
            ENVOY,
            image=ecs.ContainerImage.from_ecr_repository(self._images, f"envoy-{self._version}"),
            essential=True,
            user=NOBODY,
            readonly_root_filesystem=True,
            memory_reservation_mib=128,
            stop_timeout=DRAINING,
            command=["--config-yaml", configuration],
            logging=self._routed(ENVOY),
            port_mappings=[
                ecs.PortMapping(
                    container_port=GRPC,
                    name="grpc",
                    app_protocol=ecs.AppProtocol.grpc,  # type: ignore[arg-type]
                ),
                ecs.PortMapping(
                    container_port=REST,
                    name="rest",
                    app_protocol=ecs.AppProtocol.http,  # type: ignore[arg-type]
                ),
                ecs.PortMapping(container_port=HEALTH, name="health"),
            ],
        )

    def _routed(self, name: str) -> ecs.LogDriver:
        return ecs.LogDrivers.firelens(
            options={
                "Name": "cloudwatch_logs",
                "region": self._stack.region,
                "log_group_name": self.logs.log_group_name,
                "log_stream_prefix": f"{name}-",
                "log_key": "log",
                "log_format": "json/emf",  # lines that are metrics become metrics
            }
        )


def _role(stack: ServiceStack, id: str) -> iam.Role:
    return iam.Role(
        stack,
        f"{id}Role",
        role_name=stack.stage.role_name(stack.service, id),
        assumed_by=service_of_this_account(stack, "ecs-tasks.amazonaws.com"),
    )


def _health(command: str) -> ecs.HealthCheck:
    return ecs.HealthCheck(
        command=["CMD-SHELL", command],
        interval=Duration.seconds(5),
        timeout=Duration.seconds(3),
        retries=3,
        start_period=Duration.seconds(20),
    )


def _healthy(container: ecs.ContainerDefinition) -> Any:
    return ecs.ContainerDependency(
        container=container, condition=ecs.ContainerDependencyCondition.HEALTHY
    )
