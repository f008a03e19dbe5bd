"""Deletes stacks one after the other; one that fails is reported, and the others go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.base.target import Target
from tools.teardown import buckets, documents
from tools.teardown.plan import KEY, StackPlan
from tools.teardown.remains import key_goes_at

Say = Callable[[str], None]

_ATTEMPTS = 3
_STACK_SECONDS = 3600.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 10.0
NAMED = 5
"""Reasons that are named when a stack cannot be deleted; the others are counted."""


@dataclass
class Outcome:
    """What became of the stacks, by name; ``failed`` and ``kept`` say why."""

    deleted: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)

    def with_those_of(self, other: Outcome) -> Outcome:
        """Both together: stacks of another region have names of their own."""
        return Outcome(
            [*self.deleted, *other.deleted],
            self.failed | other.failed,
            self.kept | other.kept,
        )


class StackFailed(Exception):
    """CloudFormation could not delete a stack; the message is its own."""


def delete(target: Target, plans: Iterable[StackPlan], say: Say) -> Outcome:
    """Carry out the plans in their order.

    What a stack that is still there reads from is kept, so that it goes on working or can be
    deleted later. Run it again to go on after an interruption or a failure.
    """
    outcome = Outcome()
    still_there: list[StackPlan] = []
    for plan in plans:
        name = plan.stack.name
        readers = [it.stack.name for it in still_there if plan.stack.service in it.stack.reads_from]
        if plan.waits_until:
            outcome.kept[name] = f"it holds locked objects until {plan.waits_until:%Y-%m-%d %H:%M}"
        elif readers:
            outcome.kept[name] = f"{', '.join(readers)} reads from it and is still there"
        else:
            _delete_one(target, plan, outcome, say)
        if name not in outcome.deleted:
            still_there.append(plan)
        if name in outcome.kept:
            say(f"{name}: kept, since {outcome.kept[name]}")
    return outcome


def _delete_one(target: Target, plan: StackPlan, outcome: Outcome, say: Say) -> None:
    name = plan.stack.name
    begun = time.monotonic()
    try:
        _empty_and_delete(target, plan, say)
    except (StackFailed, buckets.NotEmptied, ClientError, BotoCoreError) as error:
        outcome.failed[name] = str(error)
        say(f"{name}: FAILED: {error}")
    else:
        outcome.deleted.append(name)
        say(f"{name}: deleted in {time.monotonic() - begun:.0f} s")


def _empty_and_delete(target: Target, plan: StackPlan, say: Say) -> None:
    """More than once if need be: what writes to a bucket may do so until it is gone itself.

    A key that somebody has scheduled for deletion already is left out of the next attempt.
    """
    pending: list[str] = []
    for attempt in range(1, _ATTEMPTS + 1):
        for bucket in _to_empty(plan):
            deleted = buckets.empty(target, bucket, say)
            if deleted:
                say(f"{plan.stack.name}: emptied {bucket}, {deleted:,} versions")
        if versions := documents.delete_versions(target, plan.stack):
            say(f"{plan.stack.name}: deleted {versions:,} versions of its configuration")
        say(f"{plan.stack.name}: deleting")
        target.client("cloudformation").delete_stack(StackName=plan.stack.name, **without(pending))
        reason = _wait_until_gone(target, plan.stack.name)
        if reason is None:
            return
        pending = keys_that_go_anyway(target, plan.stack.name)
        again = pending or any(map(reason.__contains__, _to_empty(plan)))
        if attempt == _ATTEMPTS or not again:
            raise StackFailed(reason)


def keys_that_go_anyway(target: Target, stack: str) -> list[str]:
    """Logical ids of the keys at which a deletion failed, and which KMS deletes by itself."""
    pages = target.client("cloudformation").get_paginator("list_stack_resources")
    failed = [
        it
        for page in pages.paginate(StackName=stack)
        for it in page["StackResourceSummaries"]
        if it["ResourceType"] == KEY and it["ResourceStatus"] == "DELETE_FAILED"
    ]
    return [
        it["LogicalResourceId"]
        for it in failed
        if key_goes_at(target, it["PhysicalResourceId"]) is not None
    ]


def without(keys: list[str]) -> dict[str, Any]:
    """What has CloudFormation leave these resources of a stack that it could not delete."""
    return {"RetainResources": keys} if keys else {}


def _to_empty(plan: StackPlan) -> list[str]:
    return [
        bucket.physical_id
        for bucket in plan.stack.of_type("AWS::S3::Bucket")
        if bucket.physical_id and bucket.deletion_policy == "Delete"
    ]


def _wait_until_gone(target: Target, name: str) -> str | None:
    """None when it is gone, else CloudFormation's reasons why it is not."""
    deadline = time.monotonic() + _STACK_SECONDS
    pause = _FIRST_PAUSE
    while time.monotonic() < deadline:
        status = _status(target, name)
        if status in (None, "DELETE_COMPLETE"):
            return None
        if status == "DELETE_FAILED":
            return _reasons(target, name)
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    return f"it is still being deleted after {_STACK_SECONDS / 60:.0f} minutes"


def _status(target: Target, name: str) -> str | None:
    try:
        described = target.client("cloudformation").describe_stacks(StackName=name)
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    status: str = described["Stacks"][0]["StackStatus"]
    return status


def _reasons(target: Target, name: str) -> str:
    paginator = target.client("cloudformation").get_paginator("describe_stack_events")
    events = [it for page in paginator.paginate(StackName=name) for it in page["StackEvents"]]
    failed = [it for it in events if it["ResourceStatus"] == "DELETE_FAILED"]
    more = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    named = "; ".join(
        f"{it['LogicalResourceId']} ({it.get('PhysicalResourceId', '')}): "
        f"{it.get('ResourceStatusReason', 'no reason given')}"
        for it in failed[:NAMED]
    )
    return named + more
