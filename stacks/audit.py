"""Audit: who changed what, recorded where nobody can change it, and what nobody may change."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contracts.product import PRODUCT
from stacks.audit_rules import forbid_changes, only_over_tls
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_when_counted
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_queue import ServiceQueue
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="audit",
    owner="platform",
    purpose="who changed what, and undoing what nobody may change",
)
CLOUDTRAIL = "cloudtrail.amazonaws.com"
APPEND = ("PlaceOrder", "PlacePartnerOrder", "CancelOrder", "QueuedCommands")
"""Orders' functions that append to the event store. Whoever else changes it is reported."""
UNDOING = Duration.seconds(30)


class AuditStack(ServiceStack):
    """CloudTrail records writes; its reports of forbidden ones lead to a function that undoes them.

    It is deleted before the stacks of what it guards, so that a teardown is not undone.
    """

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        self.trail_name = f"{PRODUCT}-{stage.name}"
        self.trail_arn = self.format_arn(
            service="cloudtrail", resource="trail", resource_name=self.trail_name
        )
        self.archive_arn = self.find("event-log", "archive-bucket-arn")
        self.event_store_arn = self.find("orders", "event-store-arn")
        self.guarded_keys = [
            self.find("event-log", "key-arn"),
            self.find("orders", "commands-key-arn"),
            self.key.key_arn,
        ]
        self.records = self._make_records()
        self._record_what_is_written()
        self._undo_what_is_forbidden()

    def _make_records(self) -> s3.Bucket:
        """Locked in production, where it stays; elsewhere a trail that goes on would hold its
        stack for ever.
        """
        stage = self.stage
        locked = stage.protected and stage.archive_lock_days
        records = s3.Bucket(
            self,
            "Records",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            object_lock_enabled=True,
            object_lock_default_retention=(
                s3.ObjectLockRetention.governance(Duration.days(stage.archive_lock_days))
                if locked
                else None
            ),
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=stage.event_log_retention if not stage.protected else None,
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
            removal_policy=stage.removal_policy,
        )
        acknowledge(
            records,
            "It is itself the record of who did what; a log of who reads it would be a record of "
            "the record.",
            "AwsSolutions-S1",
        )
        self._let_cloudtrail_write(records)
        return records

    def _let_cloudtrail_write(self, records: s3.Bucket) -> None:
        """For this trail alone, or somebody else's trail could be recorded here."""
        by_this_trail = {"StringEquals": {"aws:SourceArn": self.trail_arn}}
        principal = iam.ServicePrincipal(CLOUDTRAIL)
        for actions, resource in (
            (["s3:GetBucketAcl"], records.bucket_arn),
            (["s3:PutObject"], records.arn_for_objects(f"AWSLogs/{self.account}/*")),
        ):
            records.add_to_resource_policy(
                iam.PolicyStatement(
                    actions=actions,
                    principals=[principal],
                    resources=[resource],
                    conditions=by_this_trail,
                )
            )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:DescribeKey", "kms:GenerateDataKey*"],
                principals=[principal],
                resources=["*"],  # in a key's policy: this key
                conditions=by_this_trail,
            )
        )

    def _record_what_is_written(self) -> None:
        """Writes only: reads of the archive and the event store are what consumers do all day."""
        trail = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=self.trail_name,
            s3_bucket_name=self.records.bucket_name,
            kms_key_id=self.key.key_arn,
            is_logging=True,
            # A key that is scheduled for deletion elsewhere, and IAM, belong to the story.
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            advanced_event_selectors=[
                _writes("Calls that change something", _field("eventCategory", "Management")),
                _writes(
                    "Objects of the archive",
                    _field("eventCategory", "Data"),
                    _field("resources.type", "AWS::S3::Object"),
                    cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(
                        field="resources.ARN", starts_with=[f"{self.archive_arn}/"]
                    ),
                ),
                _writes(
                    "Items of the event store",
                    _field("eventCategory", "Data"),
                    _field("resources.type", "AWS::DynamoDB::Table"),
                    _field("resources.ARN", self.event_store_arn),
                ),
            ],
        )
        assert self.records.policy
        trail.node.add_dependency(self.records.policy)

    def _undo_what_is_forbidden(self) -> None:
        reports = ServiceQueue(self, "Reports", key=self.key, worker_timeout=UNDOING)
        archive_name = self.find("event-log", "archive-bucket-name")
        assert self.records.policy
        topic_arn = self.find("event-log", "operations-topic-arn")
        react = MicroserviceFunction(
            self,
            "React",
            handler="react",
            description="Undoes what nobody may change, and tells operators",
            environment={
                "TRAIL_ARN": self.trail_arn,
                "BUCKET_POLICIES": self.to_json_string(
                    {
                        archive_name: only_over_tls(self.archive_arn),
                        self.records.bucket_name: self.resolve(self.records.policy.document),
                    }
                ),
                "OPERATIONS_TOPIC_ARN": topic_arn,
            },
            timeout=UNDOING,
        )
        buckets = [self.archive_arn, self.records.bucket_arn]
        grant(react, "cloudtrail:StartLogging", on=self.trail_arn)
        grant(react, "s3:GetBucketPolicy", "s3:PutBucketPolicy", on=buckets)
        grant(
            react,
            "kms:CancelKeyDeletion",
            "kms:DescribeKey",
            "kms:EnableKey",
            on=self.guarded_keys,
        )
        grant(react, "sns:Publish", on=topic_arn)
        # What the topic is told is encrypted by who tells it.
        grant(react, "kms:Decrypt", "kms:GenerateDataKey", on=self.find("event-log", "key-arn"))
        reports.consumed_by(react, max_concurrency=2, batch_size=1)
        forbid_changes(
            self,
            reports,
            trail=[self.trail_name, self.trail_arn],
            buckets=[archive_name, self.records.bucket_name],
            keys=self.guarded_keys,
            table_arn=self.event_store_arn,
            own_role=self._role_arn(self.service, "React"),
            appenders=[self._role_arn("orders", it) for it in APPEND],
        )
        alarm_when_counted(
            self,
            "ChangeStands",
            metric_name="ForbiddenChangesStanding",
            what="a forbidden change stands",
        )

    def _role_arn(self, service: str, function: str) -> str:
        return self.format_arn(
            service="iam",
            region="",
            resource="role",
            resource_name=self.stage.role_name(service, function),
        )


def _writes(
    name: str, *fields: cloudtrail.CfnTrail.AdvancedFieldSelectorProperty
) -> cloudtrail.CfnTrail.AdvancedEventSelectorProperty:
    return cloudtrail.CfnTrail.AdvancedEventSelectorProperty(
        name=name, field_selectors=[_field("readOnly", "false"), *fields]
    )


def _field(name: str, value: str) -> cloudtrail.CfnTrail.AdvancedFieldSelectorProperty:
    return cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(field=name, equal_to=[value])
