"""A deletion that fails for what goes anyway, or comes again, is tried again; any other is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from tools.base.target import Target
from tools.teardown.deletion import Outcome, delete
from tools.teardown.plan import StackPlan
from tools.teardown.stacks import DeployedStack, Resource

NOW = datetime(2026, 12, 1, tzinfo=UTC)
NAME = f"{PRODUCT}-dev-event-log"
BUCKET = Resource("Archive", "AWS::S3::Bucket", "the-archive", "Delete")
KEY = Resource("Key", "AWS::KMS::Key", "the-key", "Delete")


class FakeCloud:
    """CloudFormation as AWS has it: a bucket that holds something, or a key in question, fails."""

    def __init__(self, *, refilled: int = 0, key: str = "Enabled") -> None:
        self.refilled = refilled
        self.key = key
        self.versions = ["first"]
        self.status: str | None = "CREATE_COMPLETE"
        self.retained: list[str] = []

    def get_paginator(self, operation: str) -> Any:
        answers: dict[str, dict[str, Any]] = {
            "list_object_versions": {
                "Versions": [{"Key": it, "VersionId": it} for it in self.versions]
            },
            "list_stack_resources": {
                "StackResourceSummaries": [
                    {
                        "LogicalResourceId": "Key",
                        "ResourceType": KEY.type,
                        "PhysicalResourceId": "the-key",
                        "ResourceStatus": "DELETE_FAILED",
                    }
                ]
                if self.key != "Enabled"
                else []
            },
            "describe_stack_events": {"StackEvents": [self._event()]},
        }

        class Paginator:
            def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
                yield answers[operation]

        return Paginator()

    def delete_objects(self, **_: Any) -> dict[str, Any]:
        self.versions = []
        return {}

    def describe_key(self, **_: str) -> dict[str, Any]:
        return {"KeyMetadata": {"KeyState": self.key, "DeletionDate": NOW}}

    def delete_stack(self, *, StackName: str, RetainResources: Any = ()) -> None:  # noqa: N803
        self.retained = list(RetainResources)
        if self.refilled:
            self.refilled -= 1
            self.versions = ["late"]
        fails = self.versions or (self.key != "Enabled" and "Key" not in self.retained)
        self.status = "DELETE_FAILED" if fails else None

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        if self.status is None:
            error: Any = {"Code": "ValidationError", "Message": "Stack does not exist"}
            raise ClientError({"Error": error}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": self.status}]}

    def _event(self) -> dict[str, str]:
        resource, name = ("Archive", "the-archive") if self.versions else ("Key", "the-key")
        return {
            "LogicalResourceId": resource,
            "PhysicalResourceId": name,
            "ResourceStatus": "DELETE_FAILED",
            "ResourceStatusReason": "in the way",
        }


def deleted(cloud: FakeCloud, *resources: Resource) -> Outcome:
    stack = DeployedStack(NAME, "event-log", "CREATE_COMPLETE", False, NOW, {}, resources)
    target = Target("here", "dev", lambda _: cloud, is_offline=True)
    return delete(target, [StackPlan(stack, (), (), None)], lambda _: None)


def test_a_bucket_that_fills_again_while_it_is_emptied_is_emptied_again() -> None:
    assert deleted(FakeCloud(refilled=2), BUCKET).deleted == [NAME]


def test_a_bucket_that_never_stops_filling_is_named() -> None:
    outcome = deleted(FakeCloud(refilled=99), BUCKET)
    assert outcome.deleted == []
    assert "Archive (the-archive): in the way" in outcome.failed[NAME]


def test_a_key_that_is_deleted_already_is_left_to_its_waiting_period() -> None:
    cloud = FakeCloud(key="PendingDeletion")
    assert deleted(cloud, BUCKET, KEY).deleted == [NAME]
    assert cloud.retained == ["Key"]


def test_a_key_that_is_in_use_is_named_and_not_left_behind() -> None:
    cloud = FakeCloud(key="Unavailable")
    assert "Key (the-key): in the way" in deleted(cloud, BUCKET, KEY).failed[NAME]
    assert cloud.retained == []
