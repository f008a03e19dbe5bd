"""What a teardown would do to each stack: what goes, what is emptied, what stays and until when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tools.base.target import Target
from tools.teardown import buckets
from tools.teardown.remains import key_goes_at
from tools.teardown.stacks import DeployedStack, Resource

BUCKET = "AWS::S3::Bucket"
KEY = "AWS::KMS::Key"
TABLES = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table")
KEY_PENDING = timedelta(days=30)
TABLE_BACKUP = timedelta(days=35)


@dataclass(frozen=True)
class Stays:
    """Something that is there after the teardown, why, and until when."""

    what: str
    why: str
    until: datetime | None
    """None: until somebody deletes it by hand."""


@dataclass(frozen=True)
class Emptied:
    """A bucket that has to be empty before it can go."""

    bucket: str
    contents: buckets.Contents


@dataclass(frozen=True)
class StackPlan:
    """What would happen to one stack."""

    stack: DeployedStack
    empties: tuple[Emptied, ...]
    stays: tuple[Stays, ...]
    waits_until: datetime | None
    """Set if the stack must stay as a whole: it holds objects that are locked until then."""

    @property
    def goes(self) -> Counter[str]:
        """How many resources of each type are deleted."""
        kept = {it for it in self.stack.resources if _is_retained(it)}
        return Counter(it.type for it in self.stack.resources if it not in kept)


def plan(target: Target, stack: DeployedStack, now: datetime) -> StackPlan:
    """Look at one deployed stack; changes nothing."""
    held = {
        bucket.physical_id: found
        for bucket in stack.of_type(BUCKET)
        if not _is_retained(bucket)
        and (found := buckets.contents(target, bucket.physical_id)) is not None
    }
    locks = [it.locked_until for it in held.values() if it.locked_until and it.locked_until > now]
    return StackPlan(
        stack,
        tuple(Emptied(name, found) for name, found in held.items() if found.versions),
        tuple(_what_stays(target, stack, now)),
        max(locks, default=None),
    )


def _what_stays(target: Target, stack: DeployedStack, now: datetime) -> Iterator[Stays]:
    for resource in stack.resources:
        what = f"{resource.type} {resource.physical_id}"
        if _is_retained(resource):
            found = (
                buckets.contents(target, resource.physical_id) if resource.type == BUCKET else None
            )
            locked = found.locked_until if found else None
            why = "its template retains it" + (f" ({found})" if found else "")
            yield Stays(what, why + (", and its objects are locked" if locked else ""), locked)
        elif resource.type == KEY and (goes := key_goes_at(target, resource.physical_id)):
            yield Stays(what, "somebody has asked KMS to delete it already", goes)
        elif resource.type == KEY:
            yield Stays(
                what,
                "KMS waits before it deletes a key; nobody can use it from now on",
                now + KEY_PENDING,
            )
        elif resource.type == "AWS::ApiGateway::RestApi":
            yield from _logs_of_api(target, resource)
    backed_up = [it.physical_id for it in stack.of_type(*TABLES) if _can_be_restored(stack, it)]
    if backed_up:
        yield Stays(
            f"backups of the tables {', '.join(backed_up)}",
            "DynamoDB makes one when a table with point-in-time recovery is deleted",
            now + TABLE_BACKUP,
        )


def _logs_of_api(target: Target, api: Resource) -> Iterator[Stays]:
    prefix = f"API-Gateway-Execution-Logs_{api.physical_id}/"
    paginator = target.client("logs").get_paginator("describe_log_groups")
    pages = paginator.paginate(logGroupNamePrefix=prefix)
    for group in (group for page in pages for group in page["logGroups"]):
        yield Stays(
            f"the log group {group['logGroupName']}",
            "API Gateway made it, so it belongs to no stack",
            None,
        )


def _is_retained(resource: Resource) -> bool:
    return (
        resource.deletion_policy in ("Retain", "RetainExceptOnCreate")
        and bool(resource.physical_id)
        and resource.type != "AWS::Logs::LogStream"  # it goes with its log group all the same
    )


def _can_be_restored(stack: DeployedStack, table: Resource) -> bool:
    properties = stack.template["Resources"][table.logical_id].get("Properties", {})
    return not _is_retained(table) and any(
        replica.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled")
        for replica in properties.get("Replicas", [properties])
    )
