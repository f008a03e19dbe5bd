"""Shared ground: the central event log, its archive, the bus, and where alarms go."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from contracts.messages import integration_events_by_source
from contracts.product import PRODUCT, PRODUCT_TITLE
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_on
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_queue import RETENTION, ServiceQueue
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import Backup, ServiceTable, text
from stacks.event_log_shown import show_the_alarms, show_the_archive, show_the_log
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="event-log",
    owner="platform",
    purpose="central event log, archive and bus",
)
SOURCE_PREFIX = f"{PRODUCT}."
ARCHIVE_REPLICA = "archive-replica"
"""The service whose stack holds the archive's copy."""
REPLICATION = "everything"
REPLICATED_WITHIN = Duration.hours(1)
"""Most objects are there within 15 minutes; what is not yet there is lost with the region."""
ARCHIVE_BEHIND = Duration.minutes(10)
"""A rebuild counts on the archive to hold what is older than an hour; Firehose waits for one
minute."""


class EventLogStack(ServiceStack):
    """Kinesis is the log that everybody reads, S3 the archive; a bus carries integration events."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        shards = stage.log_shards
        self.event_stream = kinesis.Stream(
            self,
            "EventStream",
            stream_mode=(
                kinesis.StreamMode.PROVISIONED if shards else kinesis.StreamMode.ON_DEMAND
            ),
            shard_count=shards,
            retention_period=stage.event_log_retention,
            encryption=kinesis.StreamEncryption.KMS,
            encryption_key=self.key,
            removal_policy=stage.removal_policy,
        )
        acknowledge(
            self.event_stream,
            "The log's key is the customer's own: who may read the log is decided in its policy, "
            "and every use of it is in CloudTrail. AWS's own key could not be withheld.",
            "AwsSolutions-KDS3",
        )
        self.operations = self._make_operations_topic()
        self._tell_when_readers_want_more_than_there_is()
        self.archive = self._make_archive()
        self._archive_every_event()
        self.bus_name = f"{PRODUCT}-{stage.name}"
        self.bus = self._make_bus()
        self._remember_what_the_bus_carried()
        self._ingest_integration_events()
        show_the_log(self, key=self.key, stream=self.event_stream)
        show_the_archive(self, key=self.key, archive=self.archive)
        show_the_alarms(self)

        self.publish("key-arn", self.key.key_arn)
        self.publish("event-stream-arn", self.event_stream.stream_arn)
        self.publish("archive-bucket-arn", self.archive.bucket_arn)
        self.publish("archive-bucket-name", self.archive.bucket_name)
        self.publish("bus-arn", self.bus.event_bus_arn)
        self.publish("bus-name", self.bus.event_bus_name)
        self.publish("operations-topic-arn", self.operations.topic_arn)

    def _tell_when_readers_want_more_than_there_is(self) -> None:
        """Four readers share a shard's 2 MB a second: they are throttled at half of what it takes.

        A read now and then is: two of them came at the same time, and each asks again by itself.
        """
        alarm_on(
            self,
            "ReadersThrottled",
            what="readers of the log wait for each other",
            metric=cloudwatch.Metric(
                namespace="AWS/Kinesis",
                metric_name="ReadProvisionedThroughputExceeded",
                dimensions_map={"StreamName": self.event_stream.stream_name},
                statistic="Average",  # 1 where every read of the minute was refused
                period=Duration.minutes(1),
            ),
            more_than=0.1,
            periods=10,
        )

    def _make_archive(self) -> s3.Bucket:
        access_log = s3.Bucket(
            self,
            "ArchiveAccessLog",
            encryption=s3.BucketEncryption.S3_MANAGED,  # log delivery cannot use a customer's key
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(90))],
            removal_policy=self.stage.removal_policy,
        )
        archive = s3.Bucket(
            self,
            "Archive",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            server_access_logs_bucket=access_log,
            lifecycle_rules=[
                s3.LifecycleRule(
                    prefix="events/",
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
                            transition_after=Duration.days(90),
                        )
                    ],
                ),
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7)),
            ],
            removal_policy=self.stage.removal_policy,
        )
        if self.stage.archive_region:
            self._replicate(archive, self.stage.archive_region)
        return archive

    def _replicate(self, archive: s3.Bucket, region: str) -> None:
        """What is delivered is locked in its copy: whether Firehose may deliver into a locked
        bucket is not known, and a copy in the same place is lost with it.
        """
        self.comes_after(ARCHIVE_REPLICA)
        copy = self.stage.archive_replica_name(self.account)
        alias = f"alias/{self.stage.key_alias(ARCHIVE_REPLICA)}"
        copy_arn = self.format_arn(service="s3", region="", account="", resource=copy)
        resource = archive.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        resource.replication_configuration = s3.CfnBucket.ReplicationConfigurationProperty(
            role=self._replication_role(archive, copy_arn, region, alias).role_arn,
            rules=[
                s3.CfnBucket.ReplicationRuleProperty(
                    id=REPLICATION,
                    status="Enabled",
                    priority=1,
                    filter=s3.CfnBucket.ReplicationRuleFilterProperty(prefix=""),
                    # Whatever is deleted here stays there.
                    delete_marker_replication=s3.CfnBucket.DeleteMarkerReplicationProperty(
                        status="Disabled"
                    ),
                    source_selection_criteria=s3.CfnBucket.SourceSelectionCriteriaProperty(
                        sse_kms_encrypted_objects=s3.CfnBucket.SseKmsEncryptedObjectsProperty(
                            status="Enabled"
                        )
                    ),
                    destination=s3.CfnBucket.ReplicationDestinationProperty(
                        bucket=copy_arn,
                        encryption_configuration=s3.CfnBucket.EncryptionConfigurationProperty(
                            replica_kms_key_id=self.format_arn(
                                service="kms", region=region, resource=alias
                            )
                        ),
                        metrics=s3.CfnBucket.MetricsProperty(status="Enabled"),
                    ),
                )
            ],
        )
        self._tell_when_the_copy_is_late(archive, copy)

    def _replication_role(
        self, archive: s3.Bucket, copy_arn: str, region: str, alias: str
    ) -> iam.IRole:
        keys = self.format_arn(service="kms", region=region, resource="key", resource_name="*")
        role = iam.Role(
            self,
            "ReplicationRole",
            role_name=self.stage.role_name(self.service, "Replication"),
            assumed_by=service_of_this_account(self, "s3.amazonaws.com"),
        )
        # Not in the role itself: the bucket names the role, and the policy names the bucket.
        policy = iam.Policy(
            self,
            "ReplicationPolicy",
            roles=[role],
            statements=[
                _allow(archive.bucket_arn, "s3:GetReplicationConfiguration", "s3:ListBucket"),
                _allow(
                    archive.arn_for_objects("*"),
                    "s3:GetObjectVersionAcl",
                    "s3:GetObjectVersionForReplication",
                    "s3:GetObjectVersionTagging",
                ),
                _allow(f"{copy_arn}/*", "s3:ReplicateObject", "s3:ReplicateTags"),
                _allow(self.key.key_arn, "kms:Decrypt"),
                iam.PolicyStatement(
                    actions=["kms:Encrypt", "kms:GenerateDataKey"],
                    resources=[keys],
                    # The key's id is not known here, its alias is.
                    conditions={"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}},
                ),
            ],
        )
        acknowledge(
            policy,
            "Replication reads and writes every object of two buckets, and uses the one key of the "
            "other region that bears the copy's alias.",
            "AwsSolutions-IAM5[Resource::<ArchiveDA4CB258.Arn>/*]",
            f"AwsSolutions-IAM5[Resource::arn:{self.partition}:s3:::"
            f"{self.stage.archive_replica_name('<AWS::AccountId>')}/*]",
            f"AwsSolutions-IAM5[Resource::arn:{self.partition}:kms:{region}:<AWS::AccountId>:key/*]",
        )
        return role.without_policy_updates()

    def _tell_when_the_copy_is_late(self, archive: s3.Bucket, copy: str) -> None:
        def metric(name: str, statistic: str) -> cloudwatch.Metric:
            return cloudwatch.Metric(
                namespace="AWS/S3",
                metric_name=name,
                dimensions_map={
                    "SourceBucket": archive.bucket_name,
                    "DestinationBucket": copy,
                    "RuleId": REPLICATION,
                },
                statistic=statistic,
                period=Duration.minutes(5),
            )

        alarm_on(
            self,
            "ReplicationFails",
            what="the archive's copy is incomplete",
            metric=metric("OperationsFailedReplication", "Sum"),
        )
        alarm_on(
            self,
            "ReplicationLate",
            what="the archive's copy is late",
            metric=metric("ReplicationLatency", "Maximum"),
            more_than=REPLICATED_WITHIN.to_seconds(),
            periods=3,
        )

    def _archive_every_event(self) -> None:
        delivery_log = logs.LogGroup(
            self,
            "DeliveryLog",
            retention=self.stage.log_retention,
            removal_policy=self.stage.removal_policy,
        )
        role = self._delivery_role(delivery_log)
        # The construct of the next level asks for addresses of Firehose that it does not know of
        # every partition, and that nothing here needs.
        delivery = firehose.CfnDeliveryStream(
            Construct(self, "Delivery"),
            "Resource",
            delivery_stream_type="KinesisStreamAsSource",
            kinesis_stream_source_configuration=firehose.CfnDeliveryStream.KinesisStreamSourceConfigurationProperty(
                kinesis_stream_arn=self.event_stream.stream_arn, role_arn=role.role_arn
            ),
            extended_s3_destination_configuration=firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=self.archive.bucket_arn,
                role_arn=role.role_arn,
                compression_format="GZIP",
                encryption_configuration=firehose.CfnDeliveryStream.EncryptionConfigurationProperty(
                    kms_encryption_config=firehose.CfnDeliveryStream.KMSEncryptionConfigProperty(
                        awskms_key_arn=self.key.key_arn
                    )
                ),
                buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                    interval_in_seconds=60, size_in_m_bs=16
                ),
                prefix="events/day=!{timestamp:yyyy-MM-dd}/",
                error_output_prefix="failed/!{firehose:error-output-type}/day=!{timestamp:yyyy-MM-dd}/",
                file_extension=".jsonl.gz",
                cloud_watch_logging_options=firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
                    enabled=True,
                    log_group_name=delivery_log.log_group_name,
                    log_stream_name=logs.LogStream(
                        delivery_log, "S3Destination", log_group=delivery_log
                    ).log_stream_name,
                ),
            ),
        )
        acknowledge(
            delivery,
            "What is delivered rests in the source, a stream under the customer's key; Firehose "
            "refuses encryption of its own when a stream is its source.",
            "AwsSolutions-KDF1",
        )
        alarm_on(
            self,
            "ArchiveBehind",
            what="the archive is behind",
            metric=cloudwatch.Metric(
                namespace="AWS/Firehose",
                metric_name="DeliveryToS3.DataFreshness",
                dimensions_map={"DeliveryStreamName": delivery.ref},
                statistic="Maximum",
                period=Duration.minutes(5),
            ),
            more_than=ARCHIVE_BEHIND.to_seconds(),
        )

    def _delivery_role(self, delivery_log: logs.ILogGroup) -> iam.IRole:
        """What Firehose needs to add to the archive; CDK's grants would let it delete as well."""
        objects = self.archive.arn_for_objects("*")
        role = iam.Role(
            self,
            "DeliveryRole",
            assumed_by=service_of_this_account(self, "firehose.amazonaws.com"),
            inline_policies={
                "Delivery": iam.PolicyDocument(
                    statements=[
                        _allow(
                            self.event_stream.stream_arn,
                            "kinesis:DescribeStream",
                            "kinesis:GetRecords",
                            "kinesis:GetShardIterator",
                            "kinesis:ListShards",
                        ),
                        _allow(
                            self.archive.bucket_arn,
                            "s3:GetBucketLocation",
                            "s3:ListBucket",
                            "s3:ListBucketMultipartUploads",
                        ),
                        _allow(objects, "s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"),
                        _allow(self.key.key_arn, "kms:Decrypt", "kms:GenerateDataKey"),
                        _allow(delivery_log.log_group_arn, "logs:PutLogEvents"),
                    ]
                )
            },
        )
        acknowledge(
            role,
            "Firehose names each object that it puts into the archive by its time of delivery.",
            "AwsSolutions-IAM5[Resource::<ArchiveDA4CB258.Arn>/*]",
        )
        return role.without_policy_updates()

    def _make_bus(self) -> events.EventBus:
        self._admit("events.amazonaws.com", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey")
        # Not under the bus's key: what is kept here is what that key was refused for.
        unreadable = sqs.Queue(
            self,
            "BusDeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=RETENTION,
        )
        acknowledge(
            unreadable,
            "It is the dead-letter queue of the bus: what waits here has failed already, an alarm "
            "tells of it, and an operator empties it.",
            "AwsSolutions-SQS3",
        )
        bus = events.EventBus(
            self,
            "Bus",
            event_bus_name=self.bus_name,
            kms_key=self.key,
            dead_letter_queue=unreadable,
        )
        unreadable.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sqs:SendMessage"],
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                resources=[unreadable.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": bus.event_bus_arn}},
            )
        )
        alarm_on(
            self,
            "BusRefusesEvents",
            what="the bus cannot use its key",
            metric=unreadable.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=Duration.minutes(1)
            ),
        )
        return bus

    def _remember_what_the_bus_carried(self) -> None:
        """So that a consumer which was added or corrected later can be given the past again."""
        # By name: the archive's statement in the key's policy names the bus, and the bus the key.
        bus = events.EventBus.from_event_bus_name(self, "BusByName", self.bus_name)
        archive = events.Archive(
            self,
            "BusArchive",
            archive_name=self.bus_name,
            source_event_bus=bus,
            description="What services said on the bus, to be replayed to chosen rules",
            event_pattern=events.EventPattern(source=events.Match.prefix(SOURCE_PREFIX)),
            kms_key=self.key,
            retention=self.stage.event_log_retention,  # as long as the log
        )
        archive.node.add_dependency(self.bus)

    def _make_operations_topic(self) -> sns.Topic:
        self._admit("cloudwatch.amazonaws.com", "kms:Decrypt", "kms:GenerateDataKey")
        topic = sns.Topic(
            self,
            "Operations",
            display_name=f"{PRODUCT_TITLE} operations",
            master_key=self.key,
            enforce_ssl=True,
        )
        # A topic with a policy of its own has lost the default one, by which alarms may publish.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        return topic

    def _ingest_integration_events(self) -> None:
        """Bus, queue, log: orders' events are on the log already, and would go round in circles.

        Replies stay between two services: what has happened, the integration events beside them say
        to all.
        """
        queue = ServiceQueue(self, "Facts", key=self.key, worker_timeout=Duration.seconds(30))
        for source, types in integration_events_by_source().items():
            service = source.removeprefix(SOURCE_PREFIX)
            queue.subscribe_to_bus(f"FactsOf{service.title()}", detail_type=types)
        seen = ServiceTable(
            self,
            "SeenFacts",
            key=self.key,
            partition_key=text("event_id"),
            time_to_live_attribute="expires_at",
            backup=Backup.NEVER,
        )
        intake = MicroserviceFunction(
            self,
            "Intake",
            handler="intake",
            description="Puts other services' integration events on the event log",
            environment={
                "EVENT_STREAM_ARN": self.event_stream.stream_arn,
                "SEEN_TABLE": seen.table_name,
            },
            timeout=Duration.seconds(30),
        )
        grant(intake, "kinesis:PutRecords", on=self.event_stream.stream_arn)
        grant(intake, "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", on=seen.table_arn)
        # Few at once with much in hand: a batch costs as many calls as a single integration event
        # does.
        queue.consumed_by(
            intake,
            max_concurrency=2,
            batch_size=100,
            batching_window=Duration.seconds(1),
            retries_each=False,
        )
        self.publish("intake-arn", intake.function_arn)

    def _admit(self, service: str, *actions: str) -> None:
        """Without this statement, deliveries into encrypted targets fail without a word."""
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=list(actions),
                principals=[iam.ServicePrincipal(service)],
                resources=["*"],  # in a key policy: this key
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )


def _allow(resource: str, *actions: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=[resource])
