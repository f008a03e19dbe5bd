"""What each type of resource costs for a month in which nothing happens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tools.measure.costs.assumptions import Assumptions
from tools.measure.costs.errors import UnpricedProperty
from tools.measure.costs.prices import Charge

Properties = Mapping[str, Any]
Resources = Mapping[str, Mapping[str, Any]]
Rule = Callable[[Properties, Resources, Assumptions], Iterator[Charge]]


def _each(part: str, price: str) -> Rule:
    def rule(_: Properties, __: Resources, ___: Assumptions) -> Iterator[Charge]:
        yield Charge(part, price, 1)

    return rule


def _hourly(part: str, price: str) -> Rule:
    def rule(_: Properties, __: Resources, assumed: Assumptions) -> Iterator[Charge]:
        yield Charge(part, price, assumed.hours)

    return rule


def _stream(properties: Properties, _: Resources, assumed: Assumptions) -> Iterator[Charge]:
    if properties.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND":
        yield Charge("streams", "kinesis-stream-hours", assumed.hours)
    else:
        shards = properties.get("ShardCount", 1)
        yield Charge("streams", "kinesis-shard-hours", assumed.hours * shards)


def _fan_out(_: Properties, __: Resources, assumed: Assumptions) -> Iterator[Charge]:
    """For each shard of a provisioned stream. The stream is another stack's: one is taken."""
    yield Charge("streams", "kinesis-fan-out-hours", assumed.hours)


def _table(properties: Properties, _: Resources, __: Assumptions) -> Iterator[Charge]:
    if properties.get("BillingMode") != "PAY_PER_REQUEST":
        raise UnpricedProperty(
            "a table with provisioned capacity: only tables on demand are priced"
        )
    yield from ()


def _mapping(properties: Properties, _: Resources, assumed: Assumptions) -> Iterator[Charge]:
    is_stream = "StartingPosition" in properties  # streams need one, queues have none
    if not is_stream and properties.get("Enabled") is not False:
        yield Charge("queues polled by functions", "queue-requests", assumed.idle_polls)


def _schedule(
    properties: Properties, resources: Resources, assumed: Assumptions
) -> Iterator[Charge]:
    """A function that the clock starts, and that finds by one call that nothing is to be done."""
    if "ScheduleExpression" not in properties:
        return
    runs = runs_a_month(properties["ScheduleExpression"], assumed.hours)
    seconds = (assumed.own_milliseconds + assumed.call_milliseconds) / 1000
    for target in properties.get("Targets", [properties.get("Target", {})]):
        function, *_ = target.get("Arn", {}).get("Fn::GetAtt", [""])
        found = resources.get(function, {})
        if found.get("Type") == "AWS::Lambda::Function":
            memory = found["Properties"].get("MemorySize", 128) / 1024
            yield Charge("schedules", "lambda-requests", runs)
            yield Charge("schedules", "lambda-compute", runs * memory * seconds)


def runs_a_month(schedule: str, hours: float) -> float:
    """How often ``rate(5 minutes)`` or a daily ``cron(30 3 * * ? *)`` comes round.

    Raises:
        UnpricedProperty: a schedule of another kind.
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule):
        return hours * {"minute": 60, "hour": 1, "day": 1 / 24}[rate[2]] / int(rate[1])
    if re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", schedule):
        return hours / 24
    raise UnpricedProperty(f"nobody has said how often {schedule} comes round in a month")


def _alarm(properties: Properties, _: Resources, __: Assumptions) -> Iterator[Charge]:
    queries = [it for it in properties.get("Metrics", []) if "MetricStat" in it]
    periods = [it["MetricStat"]["Period"] for it in queries] or [properties.get("Period", 60)]
    price = "fast-alarm-metrics" if min(periods) < 60 else "alarm-metrics"
    yield Charge("alarms", price, len(periods))


def _parameter(properties: Properties, _: Resources, __: Assumptions) -> Iterator[Charge]:
    if properties.get("Tier") == "Advanced":
        yield Charge("parameters", "advanced-parameters", 1)


def _web_acl(properties: Properties, _: Resources, __: Assumptions) -> Iterator[Charge]:
    yield Charge("web ACLs", "web-acls", 1)
    yield Charge("web ACLs", "web-acl-rules", len(properties.get("Rules", [])))


def _client(properties: Properties, _: Resources, __: Assumptions) -> Iterator[Charge]:
    """One for users costs nothing; one for a system is paid for whether it is used or not."""
    if "client_credentials" in properties.get("AllowedOAuthFlows", []):
        yield Charge("machine clients", "machine-clients", 1)


def _endpoint(properties: Properties, _: Resources, assumed: Assumptions) -> Iterator[Charge]:
    if properties.get("VpcEndpointType", "Gateway") == "Interface":
        zones = max(1, len(properties.get("SubnetIds", [])))
        yield Charge("network", "interface-endpoint-hours", assumed.hours * zones)


def _tasks(properties: Properties, resources: Resources, assumed: Assumptions) -> Iterator[Charge]:
    """Tasks that are wanted at all times; Spot is cheaper, by how much changes daily."""
    task = resources[properties["TaskDefinition"]["Ref"]]["Properties"]
    hours = assumed.hours * properties.get("DesiredCount", 1)
    yield Charge("containers", "fargate-cpu-hours", hours * int(task["Cpu"]) / 1024)
    yield Charge("containers", "fargate-memory-hours", hours * int(task["Memory"]) / 1024)


PRICED: Mapping[str, Rule] = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _each("alarms", "composite-alarms"),
    "AWS::CloudWatch::Dashboard": _each("dashboards", "dashboards"),
    "AWS::Cognito::UserPoolClient": _client,
    "AWS::DynamoDB::GlobalTable": _table,
    "AWS::DynamoDB::Table": _table,
    "AWS::EC2::EIP": _hourly("network", "public-address-hours"),
    "AWS::EC2::NatGateway": _hourly("network", "nat-gateway-hours"),
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::ECS::Service": _tasks,
    "AWS::EKS::Cluster": _hourly("clusters", "cluster-hours"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _hourly("network", "load-balancer-hours"),
    "AWS::KMS::Key": _each("keys", "keys"),
    "AWS::KMS::ReplicaKey": _each("keys", "keys"),
    "AWS::Events::Rule": _schedule,
    "AWS::Kinesis::Stream": _stream,
    "AWS::Kinesis::StreamConsumer": _fan_out,
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Route53::HostedZone": _each("network", "hosted-zones"),
    "AWS::SSM::Parameter": _parameter,
    "AWS::SecretsManager::Secret": _each("secrets", "secrets"),
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::ServiceDiscovery::PrivateDnsNamespace": _each("network", "hosted-zones"),
    "AWS::VpcLattice::Service": _hourly("network", "lattice-service-hours"),
    "AWS::WAFv2::WebACL": _web_acl,
}
"""Types that cost something, or may, while nothing happens."""

BY_USE = frozenset(
    {
        "AWS::ApiGateway::RestApi",
        "AWS::AppConfig::Deployment",
        "AWS::AppSync::GraphQLApi",
        "AWS::Backup::BackupPlan",
        "AWS::Backup::BackupVault",
        "AWS::CloudTrail::Trail",
        "AWS::CodeBuild::Project",
        "AWS::CodePipeline::Pipeline",
        "AWS::Cognito::UserPool",
        "AWS::ECR::Repository",
        "AWS::Events::Archive",
        "AWS::Events::EventBus",
        "AWS::FIS::ExperimentTemplate",
        "AWS::KinesisFirehose::DeliveryStream",
        "AWS::Lambda::Function",
        "AWS::Lambda::Version",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SES::EmailIdentity",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::StepFunctions::StateMachine",
    }
)
"""Types that are paid for by requests, data or storage: nothing while nothing happens."""

FREE = frozenset(
    {
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::ApiKey",
        "AWS::ApiGateway::Authorizer",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::GatewayResponse",
        "AWS::ApiGateway::Method",
        "AWS::ApiGateway::Model",
        "AWS::ApiGateway::RequestValidator",
        "AWS::ApiGateway::Resource",
        "AWS::ApiGateway::Stage",
        "AWS::ApiGateway::UsagePlan",
        "AWS::ApiGateway::UsagePlanKey",
        "AWS::AppConfig::Application",
        "AWS::AppConfig::ConfigurationProfile",
        "AWS::AppConfig::DeploymentStrategy",
        "AWS::AppConfig::Environment",
        "AWS::AppConfig::Extension",
        "AWS::AppConfig::ExtensionAssociation",
        "AWS::AppConfig::HostedConfigurationVersion",
        "AWS::AppSync::DataSource",
        "AWS::AppSync::FunctionConfiguration",
        "AWS::AppSync::GraphQLSchema",
        "AWS::AppSync::Resolver",
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::Backup::BackupSelection",
        "AWS::Budgets::Budget",
        "AWS::CDK::Metadata",
        "AWS::CodeDeploy::Application",
        "AWS::CodeDeploy::DeploymentConfig",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::Cognito::UserPoolDomain",
        "AWS::Cognito::UserPoolGroup",
        "AWS::Cognito::UserPoolResourceServer",
        "AWS::EC2::FlowLog",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::ECS::CapacityProvider",
        "AWS::ECS::Cluster",
        "AWS::ECS::ClusterCapacityProviderAssociations",
        "AWS::ECS::TaskDefinition",
        "AWS::EKS::AccessEntry",
        "AWS::EKS::Addon",
        "AWS::EKS::PodIdentityAssociation",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::Events::EventBusPolicy",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::Kinesis::ResourcePolicy",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogStream",
        "AWS::Logs::MetricFilter",
        "AWS::Logs::QueryDefinition",
        "AWS::Logs::ResourcePolicy",
        "AWS::Logs::SubscriptionFilter",
        "AWS::S3::BucketPolicy",
        "AWS::SES::ConfigurationSet",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::Scheduler::ScheduleGroup",
        "AWS::SecretsManager::ResourcePolicy",
        "AWS::SecretsManager::RotationSchedule",
        "AWS::ServiceDiscovery::HttpNamespace",
        "AWS::ServiceDiscovery::Service",
        "AWS::VpcLattice::AuthPolicy",
        "AWS::VpcLattice::Listener",
        "AWS::VpcLattice::ResourcePolicy",
        "AWS::VpcLattice::Rule",
        "AWS::VpcLattice::ServiceNetwork",
        "AWS::VpcLattice::ServiceNetworkServiceAssociation",
        "AWS::VpcLattice::ServiceNetworkVpcAssociation",
        "AWS::VpcLattice::TargetGroup",
        "AWS::WAFv2::LoggingConfiguration",
        "AWS::WAFv2::WebACLAssociation",
        "AWS::XRay::Group",
        "AWS::XRay::SamplingRule",
    }
)
"""Types without a price of their own."""
