"""A function that follows the event log: retried without limit, never stopped by one record."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources

from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.constructs.stream_alarm import alarm_when_behind, operations_topic
from stacks.event_log import event_stream_of


class ParkedRecordsTable(ServiceTable):
    """Where a service's consumers keep records that they cannot apply, until they are redriven."""

    def __init__(self, stack: ServiceStack, *, key: kms.IKey) -> None:
        super().__init__(
            stack, "Parked", key=key, partition_key=text("consumer"), sort_key=text("record")
        )
        alarm = cloudwatch.Alarm(
            stack,
            "RecordsParked",
            alarm_description=f"{stack.service}: records were parked; see docs/operations.md",
            metric=cloudwatch.Metric(
                namespace="Parcelworks",
                metric_name="RecordsParked",
                dimensions_map={"service": stack.service},
                statistic="Sum",
                period=Duration.minutes(1),
            ),
            threshold=0,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(operations_topic(stack)))


def consume_log(
    stack: ServiceStack,
    consumer: MicroserviceFunction,
    *,
    parked: ParkedRecordsTable,
    read_events_arn: str | None = None,
) -> None:
    """Send the event log to a function that applies it with ``shared.projector``.

    No limit of attempts or age: a passing failure holds the shard until it has passed, and what can
    never succeed is parked by the function itself. Bisecting isolates a record that crashes it.
    """
    allow_projecting(stack, consumer, parked=parked, read_events_arn=read_events_arn)
    consumer.add_event_source(
        sources.KinesisEventSource(
            event_stream_of(stack),
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=1000,
            retry_attempts=-1,
            bisect_batch_on_error=True,
        )
    )
    alarm_when_behind(stack, f"{consumer.node.id}Behind", consumer)


def allow_projecting(
    stack: ServiceStack,
    consumer: MicroserviceFunction,
    *,
    parked: ParkedRecordsTable,
    read_events_arn: str | None = None,
) -> None:
    """What every projector needs: orders' history to fill gaps, and a place to park records."""
    read_events_arn = read_events_arn or stack.find("orders", "read-events-arn")
    consumer.add_environment("READ_EVENTS_ARN", read_events_arn)
    consumer.add_environment("PARKED_TABLE", parked.table_name)
    grant(consumer, "lambda:InvokeFunction", on=read_events_arn)
    grant(consumer, "dynamodb:PutItem", on=parked.table_arn)
