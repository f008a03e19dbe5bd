"""The bus between services, and the permission to publish on it."""

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam

from contracts.messages import source_of
from stacks.constructs.microservice_function import MicroserviceFunction
from stacks.constructs.service_stack import ServiceStack


def bus_of(stack: ServiceStack) -> events.IEventBus:
    """The bus for integration events and replies."""
    existing = stack.node.try_find_child("Bus")
    if existing is not None:
        return existing  # type: ignore[return-value]
    return events.EventBus.from_event_bus_arn(stack, "Bus", stack.find("event-log", "bus-arn"))


def grant_publishing(function: MicroserviceFunction, stack: ServiceStack) -> None:
    """Let a function put events on the bus, with its own service as their source and no other."""
    function.add_environment("BUS_NAME", stack.find("event-log", "bus-name"))
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["events:PutEvents"],
            resources=[stack.find("event-log", "bus-arn")],
            conditions={"StringEquals": {"events:source": source_of(stack.service)}},
        )
    )
