"""A vault for backups of tables, from which nobody takes a backup before its time."""

from aws_cdk import Duration
from aws_cdk import aws_backup as backup
from aws_cdk import aws_kms as kms

from stacks.constructs.service_stack import ServiceStack

LONGEST = Duration.days(35)
SHORTEST = Duration.days(1)
"""A lock refuses backups that are to be kept for a shorter or a longer time."""


def locked_vault(stack: ServiceStack, name: str, *, key: kms.IKey) -> backup.BackupVault:
    """One whose lock nobody removes but those who may remove locks, as with the archive's copy."""
    return backup.BackupVault(
        stack,
        "Vault",
        backup_vault_name=name,
        encryption_key=key,
        lock_configuration=backup.LockConfiguration(min_retention=SHORTEST, max_retention=LONGEST),
        removal_policy=stack.stage.removal_policy,
    )
