"""Copies of archive and backups: locked, and in production in another region than the system."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.backup_vault import locked_vault
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="archive-replica",
    owner="platform",
    purpose="locked copies of archive and backups",
)


class ArchiveReplicaStack(ServiceStack):
    """The event log's stack replicates into it, and finds bucket and key by their names.

    A parameter of another region cannot be read at deployment, so both names are derived.
    """

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        key = self.make_key()
        replica = s3.Bucket(
            self,
            "Replica",
            bucket_name=stage.archive_replica_name(self.account),
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            object_lock_enabled=True,
            object_lock_default_retention=s3.ObjectLockRetention.governance(
                Duration.days(stage.archive_lock_days)
            ),
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
            removal_policy=stage.removal_policy,
        )
        acknowledge(
            replica,
            "Nobody reads the copy until the archive is lost; whoever reads the archive is logged "
            "there, and a log of this one would be one more bucket in a second region.",
            "AwsSolutions-S1",
        )
        if stage.protected and stage.archive_region != stage.region:
            locked_vault(self, stage.backup_vault, key=key)

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        return stage.archive_region is not None

    @classmethod
    def region_in(cls, stage: Stage) -> str:
        assert stage.archive_region
        return stage.archive_region
