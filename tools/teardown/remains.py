"""What of an environment is in an account and in no stack, and whether it costs anything.

Stacks are asked for what they hold. Resource groups are asked for all that has the tags that each
stack gives what it makes, which finds what a failed deployment or an earlier teardown left behind.
Log groups that a service makes by itself have no tags, and are found by their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from tools.base.target import Target
from tools.teardown.stacks import DeployedStack

PENDING = "PendingDeletion"
FORGOTTEN = "it is in no stack, and is billed until somebody deletes it"
COSTS_NOTHING = {
    "events": "a rule costs nothing",
    "iam": "a role costs nothing",
    "lambda": "a function costs nothing while nobody calls it",
    "sns": "a topic costs nothing while nobody publishes",
    "sqs": "a queue costs nothing while nobody calls it",
    "states": "a state machine costs nothing while nobody starts it",
}
"""Services that bill for use alone, by the third part of their ARNs."""
_LOGS_OF_FUNCTIONS = "/aws/lambda/"
_GONE = {"NotFoundException", "ResourceNotFoundException", "NoSuchBucket", "404"}


@dataclass(frozen=True)
class Remainder:
    """One thing that is there; ``costs`` is false if it is billed for use alone, or goes soon."""

    arn: str
    why: str
    costs: bool
    until: datetime | None = None


def remainders(
    target: Target, stacks: Sequence[DeployedStack], service: str | None = None
) -> list[Remainder]:
    """What has the environment's tags or names and is in none of these stacks; changes nothing.

    With a ``service`` only what is tagged as its own, since more may be in another region.
    """
    held = {
        resource.physical_id.rpartition(":")[2].rpartition("/")[2]
        for stack in stacks
        for resource in stack.resources
        if resource.physical_id
    }
    arns = {*_tagged(target, service), *(_log_groups(target) if service is None else ())}
    return [
        found
        for arn in sorted(arns)
        if not _is_held(arn, held) and (found := _remainder(target, arn)) is not None
    ]


def _is_held(arn: str, held: set[str]) -> bool:
    name = arn.rpartition(":")[2].rpartition("/")[2]
    return name in held or arn.rpartition(":")[2] in held


def _tagged(target: Target, service: str | None) -> Iterator[str]:
    tags = {"system": PRODUCT, "environment": target.environment}
    if service is not None:
        tags["service"] = service
    filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
    tagging = target.client("resourcegroupstaggingapi")
    for page in tagging.get_paginator("get_resources").paginate(TagFilters=filters):
        for found in page["ResourceTagMappingList"]:
            if not found["ResourceARN"].startswith("arn:aws:cloudformation:"):
                yield found["ResourceARN"]


def _log_groups(target: Target) -> Iterator[str]:
    prefix = f"{_LOGS_OF_FUNCTIONS}{PRODUCT}-{target.environment}-"
    pages = target.client("logs").get_paginator("describe_log_groups")
    for page in pages.paginate(logGroupNamePrefix=prefix):
        for group in page["logGroups"]:
            yield group["arn"].removesuffix(":*")


def _remainder(target: Target, arn: str) -> Remainder | None:
    """None if it is not there any more: tags are found for a while longer than what had them."""
    service = arn.split(":")[2]
    try:
        if service == "kms":
            return _key(target, arn)
        if service == "secretsmanager":
            return _secret(target, arn)
        if service == "dynamodb":
            target.client("dynamodb").describe_table(TableName=arn.rpartition("/")[2])
        if service == "s3":
            target.client("s3").head_bucket(Bucket=arn.rpartition(":")[2])
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return None
        raise
    if service in COSTS_NOTHING:
        return Remainder(arn, COSTS_NOTHING[service], costs=False)
    return Remainder(arn, FORGOTTEN, costs=True)


def key_goes_at(target: Target, key: str) -> datetime | None:
    """When KMS deletes a key for which somebody asked; None if nobody did, or it is gone."""
    try:
        return _deletion_of(target, key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return None
        raise


def _deletion_of(target: Target, key: str) -> datetime | None:
    found: Any = target.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    return found["DeletionDate"] if found["KeyState"] == PENDING else None


def _key(target: Target, arn: str) -> Remainder:
    if goes := _deletion_of(target, arn):
        return Remainder(arn, "KMS deletes it, and bills it no more", costs=False, until=goes)
    return Remainder(arn, FORGOTTEN, costs=True)


def _secret(target: Target, arn: str) -> Remainder:
    secret = target.client("secretsmanager").describe_secret(SecretId=arn)
    if deleted := secret.get("DeletedDate"):
        why = "Secrets Manager deletes it, and bills it no more"
        return Remainder(arn, why, costs=False, until=deleted)
    return Remainder(arn, FORGOTTEN, costs=True)
