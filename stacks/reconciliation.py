"""Proves every day that no event is missing from the log or the archive, and repairs what is."""

from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_on
from stacks.constructs.distributed_map import let_run_its_parts
from stacks.constructs.event_log_access import (
    allow_reading_the_archive,
    allow_reading_the_log,
    key_of,
)
from stacks.constructs.logged_machine import logged_machine
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.reconcile_machine import reconcile_machine
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="reconciliation",
    owner="platform",
    purpose="event store, log and archive compared",
    also_owns=("tests/integration/test_reconcile.py",),
)
WINDOW = Duration.hours(73)
"""What a night compares. An event is lost when the table's stream forgets it, 24 hours old; the
next night finds that, or the one after it if one was missed. Nothing in it is in cold storage."""
SETTLE_SECONDS = 900


class ReconciliationStack(ServiceStack):
    """Reads the three places; writes through relay, intake and additions to the archive only."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.scratch = self._make_scratch()
        self.reconcile = self._make_function()
        self.machine = self._make_machine()
        self._run_every_night()
        self._tell()
        self.publish("reconcile-arn", self.reconcile.function_arn)
        self.publish("reconcile-machine-arn", self.machine.state_machine_arn)

    def _make_scratch(self) -> s3.Bucket:
        scratch = s3.Bucket(
            self,
            "Scratch",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key_of(self),
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(14),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(
            scratch,
            "It holds ids, times and fingerprints for the time of a comparison; who reads the "
            "archive is logged there.",
            "AwsSolutions-S1",
        )
        return scratch

    def _make_function(self) -> MicroserviceFunction:
        owners = {
            "SCAN_EVENTS_ARN": self.find("orders", "scan-events-arn"),
            "LIST_EVENTS_ARN": self.find("orders", "list-events-arn"),
            "READ_EVENTS_ARN": self.find("orders", "read-events-arn"),
            "RELAY_ARN": self.find("orders", "relay-arn"),
            "INTAKE_ARN": self.find("event-log", "intake-arn"),
        }
        reconcile = MicroserviceFunction(
            self,
            "Reconcile",
            handler="reconcile",
            description="Compares event store, log and archive step by step, and repairs",
            environment={
                "EVENT_STREAM_ARN": self.find("event-log", "event-stream-arn"),
                "ARCHIVE_BUCKET": self.find("event-log", "archive-bucket-name"),
                "SCRATCH_BUCKET": self.scratch.bucket_name,
                **owners,
            },
            memory_size=3008,  # a step holds a million events' names, or 500 whole events
            timeout=Duration.minutes(15),
        )
        grant(reconcile, "lambda:InvokeFunction", on=list(owners.values()))
        grant(reconcile, "s3:ListBucket", on=self.scratch.bucket_arn)
        grant(reconcile, "s3:GetObject", "s3:PutObject", on=self.scratch.arn_for_objects("*"))
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
        self._acknowledge_scratch(reconcile.role)
        return reconcile

    def _make_machine(self) -> stepfunctions.StateMachine:
        name = f"{PRODUCT}-{self.stage.name}-reconcile"
        machine, role = logged_machine(
            self,
            "ReconcileMachine",
            name=name,
            comment="Compares event store, log and archive, and repairs what is missing",
            definition=reconcile_machine(),
            substitutions={"Reconcile": self.reconcile.function_arn},
        )
        for actions_, resource in (
            (["lambda:InvokeFunction"], self.reconcile.function_arn),
            (["s3:GetObject"], self.scratch.arn_for_objects("*")),
            (["kms:Decrypt"], key_of(self).key_arn),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions_, resources=[resource]))
        let_run_its_parts(role, self, name)
        self._acknowledge_scratch(role)
        return machine

    def _run_every_night(self) -> None:
        events.Rule(
            self,
            "EveryDay",
            description="reconciliation: compare and repair what happened lately",
            schedule=events.Schedule.cron(hour="3", minute="30"),
            targets=[
                targets.SfnStateMachine(
                    self.machine,
                    role=iam.Role(
                        self,
                        "EveryDayRole",
                        assumed_by=service_of_this_account(self, "events.amazonaws.com"),
                    ),
                    input=events.RuleTargetInput.from_object(
                        {
                            "hours": WINDOW.to_hours(),
                            "settle_seconds": SETTLE_SECONDS,
                            "repair": True,
                        }
                    ),
                    retry_attempts=2,
                )
            ],
        )

    def _tell(self) -> None:
        alarm_on(
            self,
            "EventsMissing",
            what="events were missing",
            metric=cloudwatch.Metric(
                namespace=self.stage.metric_namespace,
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
            metric=self.machine.metric_failed(statistic="Sum", period=Duration.hours(1)),
        )

    def _acknowledge_scratch(self, role: iam.IRole) -> None:
        bucket = self.get_logical_id(self.scratch.node.default_child)  # type: ignore[arg-type]
        acknowledge(
            role,
            "The scratch's objects are named by run, day and task.",
            f"AwsSolutions-IAM5[Resource::<{bucket}.Arn>/*]",
        )
