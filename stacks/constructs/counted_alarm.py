"""The alarm on something that a service counts in its own metrics."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.stream_alarm import operations_topic


def alarm_when_counted(
    scope: Construct,
    id: str,
    *,
    stack: ServiceStack,
    metric_name: str,
    what: str,
    more_than: int = 0,
    dimensions: Mapping[str, str] | None = None,
) -> cloudwatch.Alarm:
    """Tell operations when the service counted ``metric_name`` too often within a minute.

    ``dimensions`` are those that the metric has besides the service.
    """
    alarm = cloudwatch.Alarm(
        scope,
        id,
        alarm_description=f"{stack.service}: {what}; see docs/operations.md",
        metric=cloudwatch.Metric(
            namespace="Parcelworks",
            metric_name=metric_name,
            dimensions_map={"service": stack.service, **(dimensions or {})},
            statistic="Sum",
            period=Duration.minutes(1),
        ),
        threshold=more_than,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    alarm.add_alarm_action(actions.SnsAction(operations_topic(stack)))
    return alarm
