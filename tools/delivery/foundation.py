"""What all pipelines share, in the account of tools: artifacts, a key, and who is told."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from contracts.product import PRODUCT, PRODUCT_TITLE

ARTIFACTS_KEPT = Duration.days(90)
"""A stage can be rolled back to an execution for as long as its artifacts are there."""
ACCESS_LOG_KEPT = Duration.days(365)


class FoundationStack(Stack):
    """Artifacts are encrypted under a key of their own; failures and approvals go to one topic."""

    def __init__(self, scope: Construct, **kwargs: Any) -> None:
        super().__init__(
            scope,
            f"{PRODUCT}-delivery",
            description=f"{PRODUCT_TITLE}: what the pipelines share",
            termination_protection=True,
            **kwargs,
        )
        self.key = kms.Key(
            self,
            "Key",
            description="Artifacts and notifications of the pipelines",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.artifacts = self._keep_artifacts()
        self.told = self._tell_people()

    def _keep_artifacts(self) -> s3.Bucket:
        log = s3.Bucket(
            self,
            "AccessLog",
            encryption=s3.BucketEncryption.S3_MANAGED,  # what S3 delivers logs to takes no other
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=ACCESS_LOG_KEPT)],
            removal_policy=RemovalPolicy.RETAIN,
        )
        return s3.Bucket(
            self,
            "Artifacts",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            server_access_logs_bucket=log,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=ARTIFACTS_KEPT, noncurrent_version_expiration=ARTIFACTS_KEPT
                )
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _tell_people(self) -> sns.Topic:
        topic = sns.Topic(self, "Told", master_key=self.key, enforce_ssl=True)
        notifications = iam.ServicePrincipal("codestar-notifications.amazonaws.com")
        topic.grant_publish(notifications)
        # Without this, notifications of an encrypted topic are lost without a word.
        self.key.grant(notifications, "kms:GenerateDataKey*", "kms:Decrypt")
        return topic
