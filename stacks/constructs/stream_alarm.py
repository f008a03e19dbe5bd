"""The alarm that every consumer of a stream has: it falls behind long before anything is lost."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns

from stacks.constructs.microservice_function import MicroserviceFunction
from stacks.constructs.service_stack import ServiceStack

BEHIND = Duration.hours(6)
"""A table's stream keeps records for 24 hours: six leave a working day to act."""


def alarm_when_behind(stack: ServiceStack, id: str, function: MicroserviceFunction) -> None:
    """Tell operations when the oldest unread record is too old."""
    alarm = cloudwatch.Alarm(
        stack,
        id,
        alarm_description=f"{stack.service}: {function.node.id} is behind; see docs/operations.md",
        metric=function.metric("IteratorAge", statistic="Maximum", period=Duration.minutes(1)),
        threshold=BEHIND.to_milliseconds(),
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluation_periods=5,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    topic = operations_topic(stack)
    alarm.add_alarm_action(actions.SnsAction(topic))


def operations_topic(stack: ServiceStack) -> sns.ITopic:
    """Where alarms go."""
    existing = stack.node.try_find_child("Operations")
    if existing is not None:
        return existing  # type: ignore[return-value]
    return sns.Topic.from_topic_arn(
        stack, "Operations", stack.find("event-log", "operations-topic-arn")
    )
