"""What costs money scales with use, runs on Graviton, and can be counted by its owner."""

from collections.abc import Iterator, Mapping
from typing import Any

from stacks.concurrency import NEEDED, UNRESERVED
from tests.infra.rules import Rule
from tests.infra.rules.permissions import TABLES
from tests.infra.system import Resource, System, Template

COST_TAGS = ("system", "service", "owner", "environment")
COSTS_MONEY = {
    *TABLES,
    "AWS::ApiGateway::RestApi",
    "AWS::CloudWatch::Alarm",
    "AWS::Cognito::UserPool",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::EKS::Cluster",
    "AWS::Events::EventBus",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
}

NEVER_STARVE = (
    ("orders", "Relay"),  # what it does not publish within a day is gone from the table's stream
    ("fulfilment", "SendCommand"),  # a step that cannot be sent is undone
    ("fulfilment", "TakeReply"),
    ("fulfilment", "Sweep"),
    ("inventory", "ReleaseExpired"),
)
"""Services' functions that run whatever a backlog elsewhere takes."""


def everything_runs_on_graviton(system: System) -> Iterator[str]:
    """Functions, tasks and nodes are arm64."""
    for function in system.resources("AWS::Lambda::Function"):
        if function.properties.get("Architectures") != ["arm64"]:
            yield f"{function} is {function.properties.get('Architectures', 'x86')}"
    for task in system.resources("AWS::ECS::TaskDefinition"):
        if task.properties.get("RuntimePlatform", {}).get("CpuArchitecture") != "ARM64":
            yield f"{task} is not arm64"


def tables_and_streams_are_paid_for_by_use(system: System) -> Iterator[str]:
    """No provisioned capacity waits for traffic that does not come.

    A development log that is hardly used is cheapest as one shard.
    """
    for table in system.resources(*TABLES):
        if table.properties.get("BillingMode") != "PAY_PER_REQUEST":
            yield f"{table} has provisioned capacity"
    for stream in system.resources("AWS::Kinesis::Stream"):
        mode = stream.properties.get("StreamModeDetails", {}).get("StreamMode")
        one_for_development = system.environment == "dev" and stream.properties["ShardCount"] == 1
        if mode != "ON_DEMAND" and not one_for_development:
            yield f"{stream} has provisioned shards"


def every_service_scales_by_itself(system: System) -> Iterator[str]:
    """Each API has a rate of its own, and each queue's workers a number that they do not exceed."""
    for stage in system.resources("AWS::ApiGateway::Stage"):
        methods = stage.properties.get("MethodSettings", [])
        if not any(it.get("ThrottlingRateLimit", -1) > 0 for it in methods):
            yield f"{stage} takes any number of requests"
    for mapping in system.resources("AWS::Lambda::EventSourceMapping"):
        source = mapping.text(mapping.properties["EventSourceArn"])
        queue = system.find(source, "AWS::SQS::Queue")
        if queue is None:
            continue  # a stream's readers: as many as it has shards
        if "MaximumConcurrency" not in mapping.properties.get("ScalingConfig", {}):
            yield f"{mapping} may take all of the account's concurrency"
        if queue.template is not mapping.template:
            yield f"{mapping} scales with another service's queue, {queue}"


def the_account_is_asked_for_what_may_run_at_once(system: System) -> Iterator[str]:
    """Event sources, reservations, and what Lambda leaves to all others fit the declared number."""
    reserved = {
        it.place: it.properties["ReservedConcurrentExecutions"]
        for it in system.resources("AWS::Lambda::Function")
        if "ReservedConcurrentExecutions" in it.properties
    }
    if system.environment == "dev":
        for place in reserved:
            yield f"{place} reserves what an account that is new does not have"
        return
    shared = [
        mapping.properties.get("ScalingConfig", {}).get("MaximumConcurrency", 0)
        for mapping in system.resources("AWS::Lambda::EventSourceMapping")
        if not any(it in mapping.text(mapping.properties["FunctionName"]) for it in reserved)
    ]
    needed = sum(reserved.values()) + sum(shared) + UNRESERVED
    if needed > NEEDED[system.environment]:
        yield f"{needed} functions may run at once, and {NEEDED[system.environment]} are asked for"
    for service, id in NEVER_STARVE:
        if not any(it.startswith(f"{{{service}:{id}") for it in reserved):
            yield f"{service}'s {id} runs only while others leave it something"


def everything_is_tagged_for_its_bill(system: System) -> Iterator[str]:
    """By system, service, owner and environment: the cost-allocation tags."""
    for resource in system.resources():
        for tags in tags_of(resource):
            missing = [tag for tag in COST_TAGS if not tags.get(tag)]
            if missing:
                yield f"{resource} lacks the tags {', '.join(missing)}"
            elif tags["service"] != resource.template.service:
                yield f"{resource} is billed to {tags['service']}"
            elif tags["environment"] != _billed_to(resource.template):
                yield f"{resource} is billed to {tags['environment']}"


def _billed_to(template: Template) -> str:
    return "all" if template.is_of_every_environment else template.environment


def tags_of(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """A resource's tags, in each place that has some; none at all where there should be."""
    places = [resource.properties, *resource.properties.get("Replicas", [])]
    found = [place[name] for place in places for name in _tag_names(place)]
    if not found and resource.type in COSTS_MONEY:
        yield {}
    for tags in found:
        yield tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def _tag_names(place: Any) -> list[str]:
    names = ("Tags", "UserPoolTags", "HostedZoneTags")
    return [name for name in names if isinstance(place, dict) and name in place]


RULES: tuple[Rule, ...] = (
    everything_runs_on_graviton,
    tables_and_streams_are_paid_for_by_use,
    every_service_scales_by_itself,
    everything_is_tagged_for_its_bill,
    the_account_is_asked_for_what_may_run_at_once,
)
