"""A table as every service keeps one: on demand, under the service's key, restorable."""

from collections.abc import Sequence
from enum import StrEnum

from aws_cdk import CfnTag
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms

from stacks.constructs.service_stack import ServiceStack

BACKUP_TAG = "backup"
"""What a table's tag is called that says how often it is backed up."""


class Backup(StrEnum):
    """How often a table is backed up where a region must not be lost.

    DAILY is for what events tell of besides: what came since is made again from the archive.
    HOURLY is for what no event tells of. NEVER is for what is made again from the archive, or
    counts for minutes only.
    """

    HOURLY = "hourly"
    DAILY = "daily"
    NEVER = "never"


class ServiceTable(dynamodb.TableV2):
    """``partition_key`` and ``sort_key`` are DynamoDB attributes; see ``text`` and ``number``.

    ``recovery_days`` is how far back the table can be restored: 35 unless it says less. ``backup``
    says what is left of it when its region is lost.
    """

    def __init__(
        self,
        stack: ServiceStack,
        id: str,
        *,
        key: kms.IKey,
        partition_key: dynamodb.Attribute,
        sort_key: dynamodb.Attribute | None = None,
        stream: dynamodb.StreamViewType | None = None,
        indexes: Sequence[dynamodb.GlobalSecondaryIndexPropsV2] = (),
        time_to_live_attribute: str | None = None,
        recovery_days: int | None = None,
        backup: Backup = Backup.DAILY,
    ) -> None:
        super().__init__(
            stack,
            id,
            partition_key=partition_key,
            sort_key=sort_key,
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.customer_managed_key(key),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True, recovery_period_in_days=recovery_days
            ),
            dynamo_stream=stream,
            global_secondary_indexes=list(indexes),
            time_to_live_attribute=time_to_live_attribute,
            deletion_protection=stack.stage.protected,
            removal_policy=stack.stage.removal_policy,
            tags=[CfnTag(key=BACKUP_TAG, value=backup.value)],
        )


def text(name: str) -> dynamodb.Attribute:
    """A key attribute that holds a string."""
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def number(name: str) -> dynamodb.Attribute:
    """A key attribute that holds a number."""
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.NUMBER)
