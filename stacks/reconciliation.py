"""Proves every day that no event is missing from the log or the archive, and repairs what is."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_on
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_stack import ServiceStack
from stacks.environment import Environment
from stacks.event_log import allow_reading_the_archive, allow_reading_the_log, key_of


class ReconciliationStack(ServiceStack):
    """Reads the three places; writes through relay, intake and additions to the archive only."""

    def __init__(self, scope: Construct, *, environment: Environment, **kwargs: Any) -> None:
        super().__init__(
            scope,
            "reconciliation",
            environment=environment,
            owner="platform",
            description="Parcelworks: event store, log and archive compared",
            **kwargs,
        )
        owners = {
            "SCAN_EVENTS_ARN": self.find("orders", "scan-events-arn"),
            "READ_EVENTS_ARN": self.find("orders", "read-events-arn"),
            "RELAY_ARN": self.find("orders", "relay-arn"),
            "INTAKE_ARN": self.find("event-log", "intake-arn"),
        }
        reconcile = MicroserviceFunction(
            self,
            "Reconcile",
            handler="reconcile",
            description="Compares event store, log and archive, and repairs what is missing",
            environment={
                "EVENT_STREAM_ARN": self.find("event-log", "event-stream-arn"),
                "ARCHIVE_BUCKET": self.find("event-log", "archive-bucket-name"),
                **owners,
            },
            memory_size=3008,  # it keeps 64 bits and a name of every event
            timeout=Duration.minutes(15),
        )
        grant(reconcile, "lambda:InvokeFunction", on=list(owners.values()))
        allow_reading_the_log(reconcile, self)
        allow_reading_the_archive(reconcile, self)
        archive = self.find("event-log", "archive-bucket-arn")
        grant(reconcile, "s3:PutObject", on=f"{archive}/events/backfill/*")
        grant(reconcile, "kms:GenerateDataKey", on=key_of(self).key_arn)
        assert reconcile.role
        acknowledge(
            reconcile.role,
            "What it adds to the archive is named by its content.",
            f"AwsSolutions-IAM5[Resource::<{self.resolve(archive)['Ref']}>/events/backfill/*]",
        )
        events.Rule(
            self,
            "EveryDay",
            description="reconciliation: compare and repair",
            schedule=events.Schedule.cron(hour="3", minute="30"),
            targets=[
                targets.LambdaFunction(
                    reconcile,
                    event=events.RuleTargetInput.from_object({"dry_run": False}),
                    retry_attempts=2,
                )
            ],
        )
        alarm_on(
            self,
            "EventsMissing",
            what="events were missing",
            metric=cloudwatch.Metric(
                namespace="Parcelworks",
                metric_name="EventsMissing",
                dimensions_map={"service": self.service},
                statistic="Maximum",
                period=Duration.hours(1),
            ),
        )
        alarm_on(
            self,
            "ReconcileFails",
            what="nobody knows whether events are missing",
            metric=reconcile.metric_errors(period=Duration.hours(1)),
        )
        self.publish("reconcile-arn", reconcile.function_arn)
