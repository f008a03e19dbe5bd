"""Pricing: price quotes by gRPC and REST, in containers that a canary releases."""

from typing import Any

from aws_cdk import CfnParameter, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_servicediscovery as discovery
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_on
from stacks.constructs.envoy import Listener, Server, Sidecar, sidecar
from stacks.constructs.envoy_filters import Caller
from stacks.constructs.found_network import found_vpc
from stacks.constructs.microservice_function import MicroserviceFunction
from stacks.constructs.rotated_secret import RotatedSecret
from stacks.constructs.service_configuration import ServiceConfiguration
from stacks.constructs.service_in_network import may_call
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_stack import ServiceStack
from stacks.pricing_lattice import (
    GRPC,
    HEALTH,
    HEALTH_INTERVAL,
    LATTICE_ADDRESSES,
    REST,
    PricingInTheNetwork,
)
from stacks.pricing_task import AGENT_TOKEN, SERVER_PORT, PricingTask
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="pricing",
    owner="commercial",
    purpose="price quotes, signed",
    also_owns=("containers/pricing_server/",),
    optional=True,
)
CANARY_PERCENT = 10
CANARY_MINUTES = 5
"""How long ECS leaves it at that before it asks for the rest."""
HOOK_MINUTES = 30
"""A deployment that nobody judges is rolled back then."""
FEWEST, MOST = 2, 12


class PricingStack(ServiceStack):
    """``Version`` is what runs: the tag of the images, which a release changes and nothing else.

    Published: ``dns-name``, where callers of the service network find it, ``service-arn`` for what
    lets them, ``quote-arn``, and what a
    release needs: ``cluster-name``, ``tasks-name``, ``stack-name``, ``metrics-name``.
    """

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.version = CfnParameter(
            self,
            "Version",
            type="String",
            default="1.0.0",
            allowed_pattern="[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}",
            description="The version that runs: the tag of its images",
        )
        self.vpc = found_vpc(self)
        self.network = PricingInTheNetwork(
            self,
            vpc_id=self.vpc.vpc_id,
            callers=[
                stage.role_name(self.service, "Quote"),
                stage.role_name("partners", "*"),
            ],
        )
        self.task = PricingTask(self, version=self.version, envoy=self._envoy())
        self.tasks = self._run()
        self._release_by_canary()
        self._configure()
        self._scale()
        self._quote_for_callers()
        self.network.publish()
        # By these the function finds it that leads a release.
        self.publish("cluster-name", self.tasks.cluster.cluster_name)
        self.publish("tasks-name", self.tasks.service_name)
        self.publish("stack-name", self.stack_name)
        self.publish("metrics-name", stage.metric_namespace)

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        return stage.containers

    def _envoy(self) -> str:
        """Lattice's word for who calls is taken, and nobody else's: it comes from its addresses."""
        listeners = [
            Listener(port, account=self.account, trusted=(LATTICE_ADDRESSES,))
            for port in (GRPC, REST)
        ]
        text: str = self.to_json_string(
            sidecar(
                Sidecar(
                    service="shop.pricing.v1.PricingService",
                    prefix=self.service,
                    listeners=listeners,
                    servers=[Server(SERVER_PORT)],
                    callers=[
                        Caller(
                            "partners",
                            ("Quote", "WatchPrices"),
                            role=self.stage.role_name("partners", "*"),
                        ),
                        Caller(
                            "quote", ("Quote",), role=self.stage.role_name(self.service, "Quote")
                        ),
                    ],
                    address="0.0.0.0",  # noqa: S104 - the task's own network interface
                    health_port=HEALTH,
                    health_interval=HEALTH_INTERVAL.to_seconds(),
                    reflection=self.stage.name == "dev",
                )
            )
        )
        return text

    def _run(self) -> ecs.FargateService:
        namespace = discovery.HttpNamespace(
            self, "Namespace", name=f"{PRODUCT}-{self.stage.name}-{self.service}"
        )
        cluster = ecs.Cluster(
            self,
            "Cluster",
            vpc=self.vpc,
            enable_fargate_capacity_providers=True,
            container_insights_v2=ecs.ContainerInsights.ENHANCED,
        )
        service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=self.task,
            security_groups=[self._guard()],
            vpc_subnets=ec2.SubnetSelection(subnets=self.vpc.private_subnets),
            assign_public_ip=False,
            desired_count=FEWEST,
            min_healthy_percent=100,
            max_healthy_percent=200,
            capacity_provider_strategies=[
                # The first task is never reclaimed; of the others, three of four are Spot.
                ecs.CapacityProviderStrategy(capacity_provider="FARGATE", base=1, weight=1),
                ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=3),
            ],
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.ENABLED,
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            service_connect_configuration=ecs.ServiceConnectProps(
                namespace=namespace.namespace_arn,
                services=[
                    ecs.ServiceConnectService(
                        port_mapping_name="grpc", discovery_name="pricing", port=GRPC
                    )
                ],
                log_driver=ecs.LogDrivers.aws_logs(
                    stream_prefix="service-connect", log_group=self.task.logs
                ),
            ),
        )
        acknowledge(
            service,
            "ECS's circuit breaker is for rolling updates: a canary whose tasks do not start never "
            "gets traffic, and its pause times out into a rollback.",
            "Annotation::@aws-cdk/aws-ecs:shouldUseCircuitBreaker",
        )
        return service

    def _guard(self) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "Guard",
            vpc=self.vpc,
            description="Tasks of pricing: called by Lattice and by each other, calling AWS",
            allow_all_outbound=False,
        )
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "APIs of AWS, by TLS")
        for port, what in ((GRPC, "gRPC"), (REST, "REST"), (HEALTH, "health checks")):
            group.add_ingress_rule(
                ec2.Peer.ipv4(LATTICE_ADDRESSES), ec2.Port.tcp(port), f"{what} through Lattice"
            )
        group.connections.allow_internally(ec2.Port.tcp(GRPC), "gRPC through Service Connect")
        return group

    def _release_by_canary(self) -> None:
        """ECS shifts the weights of Lattice's rules, and waits before each step to be told."""
        infrastructure = iam.Role(
            self,
            "InfrastructureRole",
            role_name=self.stage.role_name(self.service, "Infrastructure"),
            assumed_by=service_of_this_account(self, "ecs.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(
                    "AmazonECSInfrastructureRolePolicyForVpcLattice"
                )
            ],
        )
        acknowledge(
            infrastructure,
            "ECS registers targets and sets weights with this policy, which AWS keeps up to date "
            "with what ECS calls.",
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/"
            "AmazonECSInfrastructureRolePolicyForVpcLattice]",
        )
        service = self.tasks.node.default_child
        assert isinstance(service, ecs.CfnService)
        service.vpc_lattice_configurations = [
            ecs.CfnService.VpcLatticeConfigurationProperty(
                port_name=it.port_name,
                role_arn=infrastructure.role_arn,
                target_group_arn=it.blue.attr_arn,
                advanced_configuration=ecs.CfnService.VpcLatticeAdvancedConfigurationProperty(
                    alternate_target_group_arn=it.green.attr_arn,
                    production_listener_rule=it.production.attr_arn,
                    test_listener_rule=it.test.attr_arn,
                ),
            )
            for it in self.network.shifted
        ]
        acknowledge(
            self.tasks,
            "The schema that the CDK checks by is older than this property, which CloudFormation "
            "documents: it says between which target groups a canary shifts.",
            "CloudFormation-Validate::F3002",
        )
        service.add_property_override(
            "DeploymentConfiguration",
            {
                "Strategy": "CANARY",
                "BakeTimeInMinutes": CANARY_MINUTES,
                "CanaryConfiguration": {
                    "CanaryPercent": CANARY_PERCENT,
                    "CanaryBakeTimeInMinutes": CANARY_MINUTES,
                },
                "LifecycleHooks": [
                    {
                        "TargetType": "PAUSE",
                        "LifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"],
                        "TimeoutConfiguration": {
                            "TimeoutInMinutes": HOOK_MINUTES,
                            "Action": "ROLLBACK",
                        },
                    }
                ],
            },
        )
        self._roll_back_when_alarmed(service)
        service.node.add_dependency(infrastructure)

    def _roll_back_when_alarmed(self, service: ecs.CfnService) -> None:
        """ECS watches it by itself, whatever becomes of whoever judges the release."""
        self.calls_fail = alarm_on(
            self,
            "CallsFail",
            what="calls of pricing fail",
            metric=cloudwatch.MathExpression(
                expression="IF(calls > 20, 100 * failed / calls, 0)",
                using_metrics={
                    "calls": self._counted("AllCalls"),
                    "failed": self._counted("FailedCalls"),
                },
                period=Duration.minutes(1),
            ),
            more_than=5,
            periods=2,
        )
        service.add_property_override(
            "DeploymentConfiguration.Alarms",
            {"AlarmNames": [self.calls_fail.alarm_name], "Enable": True, "Rollback": True},
        )

    def _configure(self) -> None:
        """Prices and discounts from AppConfig, by the agent in each task."""
        token = RotatedSecret(
            self,
            "AgentToken",
            key=self.make_key(),
            description="What the agent in a task wants to see before it answers",
            field=AGENT_TOKEN,
            handler="rotate_agent_token",
        )
        configuration = ServiceConfiguration(self, flags=True, monitors=[self.calls_fail])
        self.task.read(configuration, token)

    def _counted(self, name: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=self.stage.metric_namespace,
            metric_name=name,
            dimensions_map={"service": self.service},
            statistic="Sum",
            period=Duration.minutes(1),
        )

    def _scale(self) -> None:
        """On its own target: no other service's load brings tasks up here."""
        scaling = self.tasks.auto_scale_task_count(min_capacity=FEWEST, max_capacity=MOST)
        scaling.scale_on_cpu_utilization(
            "Cpu",
            target_utilization_percent=60,
            scale_in_cooldown=Duration.minutes(5),
            scale_out_cooldown=Duration.seconds(30),
        )

    def _quote_for_callers(self) -> None:
        """Whoever is outside the VPC asks through this function, which signs what it asks."""
        guard = ec2.SecurityGroup(
            self,
            "QuoteGuard",
            vpc=self.vpc,
            description="The quote function: calls the service network",
            allow_all_outbound=False,
        )
        guard.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "Lattice and AWS, by TLS")
        quote = MicroserviceFunction(
            self,
            "Quote",
            handler="quote",
            description="Asks pricing for a quote, signed for the service network",
            environment={"PRICING_HOST": self.network.dns_name},
            vpc=self.vpc,
            security_groups=[guard],
        )
        assert quote.role
        quote.role.add_managed_policy(
            iam.ManagedPolicy.from_aws_managed_policy_name(
                "service-role/AWSLambdaVPCAccessExecutionRole"
            )
        )
        may_call(quote.role, self.network, "/v1/quotes")
        acknowledge(
            quote.role,
            "A function in a VPC makes its network interfaces with this policy, which names no "
            "resource because they do not exist before.",
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
            "AWSLambdaVPCAccessExecutionRole]",
        )
        self.publish("quote-arn", quote.function_arn)
