"""Backups of the tables that no archive makes again: by the hour or by the day, in two regions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aws_cdk import ArnFormat, Duration
from aws_cdk import aws_backup as backup
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.alarms import alarm_on
from stacks.constructs.backup_vault import locked_vault
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import BACKUP_TAG, Backup
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="backups",
    owner="platform",
    purpose="backups of tables and their copies",
)
COPIES = "archive-replica"
"""The service whose stack has the vault of the copies."""
HOURLY_KEPT = Duration.days(2)
"""Shorter than a profile may be restored: what is forgotten is not kept longer by a backup."""
DAILY_KEPT = Duration.days(35)


@dataclass(frozen=True)
class _Tier:
    """How often the tables with a tag are backed up, and for how long that is kept."""

    tables: Backup
    schedule: events.Schedule
    kept: Duration


class BackupsStack(ServiceStack):
    """A plan for each tag that tables bear; only production's tables are worth what it costs."""

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.comes_after(COPIES)
        self.vault = locked_vault(self, stage.backup_vault, key=self.make_key())
        self._role = self._make_role()
        for tier in _tiers():
            self._back_up(tier)
        self._tell_when("BackupFails", "NumberOfBackupJobsFailed", "a table is not backed up")
        self._tell_when("CopyFails", "NumberOfCopyJobsFailed", "a backup is in one region only")

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        return stage.protected

    def _make_role(self) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            role_name=self.stage.role_name(self.service, "Backup"),
            assumed_by=service_of_this_account(self, "backup.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(
                    "service-role/AWSBackupServiceRolePolicyForBackup"
                )
            ],
        )
        acknowledge(
            role,
            "AWS keeps this policy as AWS Backup needs it, for all that it backs up; which of that "
            "a table asks for is documented nowhere else, and cannot be tried without an account.",
            f"AwsSolutions-IAM4[Policy::arn:{self.partition}:iam::aws:policy/service-role/"
            "AWSBackupServiceRolePolicyForBackup]",
        )
        return role

    def _back_up(self, tier: _Tier) -> None:
        id = tier.tables.value.capitalize()
        plan = backup.BackupPlan(
            self,
            id,
            backup_plan_name=f"{PRODUCT}-{self.stage.name}-{tier.tables.value}",
            backup_vault=self.vault,
        )
        plan.add_rule(
            backup.BackupPlanRule(
                rule_name=tier.tables.value,
                schedule_expression=tier.schedule,
                start_window=Duration.hours(1),  # the shortest that there is
                completion_window=Duration.hours(2),
                delete_after=tier.kept,
                copy_actions=list(self._copies(tier.kept)),
            )
        )
        tables = self.format_arn(
            service="dynamodb",
            resource="table",
            resource_name=f"{PRODUCT}-{self.stage.name}-*",
        )
        backup.CfnBackupSelection(
            self,
            f"{id}Tables",
            backup_plan_id=plan.backup_plan_id,
            backup_selection=backup.CfnBackupSelection.BackupSelectionResourceTypeProperty(
                selection_name=f"{tier.tables.value}-tables",
                iam_role_arn=self._role.role_arn,
                resources=[tables],
                # With resources, both must be so; a list of tags would be one more way in.
                conditions={
                    "StringEquals": [
                        {
                            "ConditionKey": f"aws:ResourceTag/{BACKUP_TAG}",
                            "ConditionValue": tier.tables.value,
                        }
                    ]
                },
            ),
        )

    def _copies(self, kept: Duration) -> Iterator[backup.BackupPlanCopyActionProps]:
        """Into the archive's other region, unless the partition has only one."""
        region = self.stage.archive_region
        if region in (None, self.stage.region):
            return
        arn = self.format_arn(
            service="backup",
            region=region,
            resource="backup-vault",
            resource_name=self.stage.backup_vault,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        vault = backup.BackupVault.from_backup_vault_arn(self, f"Copy{kept.to_days()}", arn)
        yield backup.BackupPlanCopyActionProps(destination_backup_vault=vault, delete_after=kept)

    def _tell_when(self, id: str, metric: str, what: str) -> None:
        alarm_on(
            self,
            id,
            what=what,
            metric=cloudwatch.Metric(
                namespace="AWS/Backup",
                metric_name=metric,
                dimensions_map={"BackupVaultName": self.vault.backup_vault_name},
                statistic="Sum",
                period=Duration.hours(1),
            ),
        )


def _tiers() -> tuple[_Tier, ...]:
    return (
        _Tier(Backup.HOURLY, events.Schedule.cron(minute="5"), HOURLY_KEPT),
        _Tier(Backup.DAILY, events.Schedule.cron(minute="35", hour="1"), DAILY_KEPT),
    )
