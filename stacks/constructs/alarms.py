"""Alarms as every service has them: they tell operations what is wrong, and where to read on."""

from collections.abc import Mapping

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.constructs.service_stack import ServiceStack

LATE = Duration.minutes(10)
"""A consumer that follows its stream is a second or two behind."""
BEHIND = Duration.hours(6)
"""A table's stream keeps records for 24 hours: six leave a working day to act."""


def alarm_on(
    scope: Construct,
    id: str,
    *,
    what: str,
    metric: cloudwatch.IMetric,
    more_than: float = 0,
    periods: int = 1,
    without_data: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
) -> cloudwatch.Alarm:
    """Tell operations when the metric was more than that for so many of its periods.

    ``what`` is wrong then, in the words of ``docs/operations.md``. Periods without data
    are well, unless ``without_data`` says otherwise.
    """
    stack = _service_of(scope)
    alarm = cloudwatch.Alarm(
        scope,
        id,
        alarm_description=f"{stack.service}: {what}; see docs/operations.md",
        metric=metric,
        threshold=more_than,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluation_periods=periods,
        treat_missing_data=without_data,
    )
    tell_operations(alarm, stack)
    return alarm


def tell_operations(alarm: cloudwatch.AlarmBase, stack: ServiceStack) -> None:
    """Send what the alarm says to the topic that operators subscribe to."""
    alarm.add_alarm_action(actions.SnsAction(_operations_topic(stack)))


def alarm_when_counted(
    scope: Construct,
    id: str,
    *,
    metric_name: str,
    what: str,
    more_than: int = 0,
    dimensions: Mapping[str, str] | None = None,
) -> cloudwatch.Alarm:
    """Tell operations when the service counted ``metric_name`` too often within a minute.

    ``dimensions`` are those that the metric has besides the service.
    """
    stack = _service_of(scope)
    counted = cloudwatch.Metric(
        namespace=stack.stage.metric_namespace,
        metric_name=metric_name,
        dimensions_map={"service": stack.service, **(dimensions or {})},
        statistic="Sum",
        period=Duration.minutes(1),
    )
    return alarm_on(scope, id, what=what, metric=counted, more_than=more_than)


def alarm_when_behind(
    scope: Construct, id: str, function: lambda_.IFunction, *, written: cloudwatch.Metric
) -> None:
    """Tell operations when the oldest record that a stream's consumer has not read is too old.

    A consumer that cannot read at all says nothing of an age: if the source was ``written`` to for
    a quarter of an hour, and the function was never called, its key or its mapping refuses.

    Twice: within minutes, when nothing is lost but time, and hours before a table's stream forgets.
    """
    age = function.metric("IteratorAge", statistic="Maximum", period=Duration.minutes(1))
    for its_id, state, limit in (
        (f"{function.node.id}Late", "late", LATE),
        (id, "behind", BEHIND),
    ):
        alarm_on(
            scope,
            its_id,
            what=f"{function.node.id} is {state}",
            metric=age,
            more_than=limit.to_milliseconds(),
            periods=5,
        )
    alarm_on(
        scope,
        f"{function.node.id}ReadsNothing",
        what=f"{function.node.id} reads nothing",
        metric=cloudwatch.MathExpression(
            expression="IF(FILL(written, 0) > 0 AND FILL(called, 0) == 0, 1, 0)",
            using_metrics={
                "written": written.with_(statistic="Sum"),
                "called": function.metric_invocations(statistic="Sum"),
            },
            period=Duration.minutes(5),
        ),
        periods=3,
    )


def _service_of(scope: Construct) -> ServiceStack:
    stack = Stack.of(scope)
    assert isinstance(stack, ServiceStack), f"{stack.stack_name} belongs to no service"
    return stack


def _operations_topic(stack: ServiceStack) -> sns.ITopic:
    existing = stack.node.try_find_child("Operations")
    if existing is not None:
        return existing  # type: ignore[return-value]
    return sns.Topic.from_topic_arn(
        stack, "Operations", stack.find("event-log", "operations-topic-arn")
    )
