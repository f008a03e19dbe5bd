"""A teardown's plan: locked archives, retained data, keys and backups, each with its date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from tools.base.target import Target
from tools.teardown.deletion import delete
from tools.teardown.plan import StackPlan, plan
from tools.teardown.stacks import DeployedStack, Resource

NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
ARCHIVE = Resource("Archive", "AWS::S3::Bucket", "the-archive", "Delete")
KEY = Resource("Key", "AWS::KMS::Key", "the-key", "Delete")
TABLE = Resource("Orders", "AWS::DynamoDB::GlobalTable", "the-orders", "Delete")


class FakeCloud:
    """S3, CloudWatch Logs and CloudFormation as far as a teardown uses them."""

    def __init__(self, *, lock_days: int = 0, refuses: frozenset[str] = frozenset()) -> None:
        self.lock_days = lock_days
        self.refuses = refuses
        self.pending: dict[str, datetime] = {}
        self.deleted: list[str] = []
        self.emptied: list[str] = []
        self.versions = [
            {"Key": "a", "VersionId": "1", "Size": 700, "LastModified": NOW - timedelta(hours=30)},
            {"Key": "a", "VersionId": "2", "Size": 300, "LastModified": NOW - timedelta(hours=2)},
        ]

    def get_paginator(self, _operation: str) -> FakeCloud:
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        if prefix := asked.get("logGroupNamePrefix"):
            yield {"logGroups": []}  # as AWS may answer, though there is more
            yield {"logGroups": [{"logGroupName": f"{prefix}live"}]}
        else:
            yield {"Versions": self.versions}

    def get_object_lock_configuration(self, **_: Any) -> dict[str, Any]:
        if not self.lock_days:
            raise _error("ObjectLockConfigurationNotFoundError")
        retention = {"Mode": "GOVERNANCE", "Days": self.lock_days}
        return {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": retention}}}

    def describe_key(self, *, KeyId: str) -> dict[str, Any]:  # noqa: N803
        goes = self.pending.get(KeyId)
        state = {"KeyState": "PendingDeletion", "DeletionDate": goes} if goes else {}
        return {"KeyMetadata": {"KeyState": "Enabled", **state}}

    def delete_objects(self, *, Bucket: str, Delete: Any) -> dict[str, Any]:  # noqa: N803
        self.emptied += [f"{Bucket}/{it['Key']}@{it['VersionId']}" for it in Delete["Objects"]]
        self.versions = []
        return {}

    def delete_stack(self, *, StackName: str) -> None:  # noqa: N803
        if StackName in self.refuses:
            raise _error("AccessDenied")
        self.deleted.append(StackName)

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        raise _error("ValidationError", f"Stack with id {StackName} does not exist")


def _error(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def account(cloud: FakeCloud) -> Target:
    return Target("here", "dev", lambda _: cloud, is_offline=True)


def stack(service: str, *resources: Resource, reads_from: str = "") -> DeployedStack:
    parameters = {"P": {"Default": f"/{PRODUCT}/dev/{reads_from}/x-arn"}} if reads_from else {}
    properties = {
        "Replicas": [{"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}]
    }
    return DeployedStack(
        name=f"{PRODUCT}-dev-{service}",
        service=service,
        status="CREATE_COMPLETE",
        protected=False,
        created=NOW,
        template={
            "Parameters": parameters,
            "Resources": {it.logical_id: {"Properties": properties} for it in resources},
        },
        resources=resources,
    )


def planned(cloud: FakeCloud, *stacks: DeployedStack) -> list[StackPlan]:
    return [plan(account(cloud), it, NOW) for it in stacks]


def test_a_bucket_that_may_go_is_emptied_with_its_old_versions() -> None:
    cloud = FakeCloud()
    (found,) = planned(cloud, stack("event-log", ARCHIVE))
    assert (found.empties[0].contents.versions, found.empties[0].contents.bytes) == (2, 1000)
    assert cloud.emptied == []
    outcome = delete(account(cloud), [found], lambda _: None)
    assert cloud.emptied == ["the-archive/a@1", "the-archive/a@2"]
    assert outcome.deleted == [f"{PRODUCT}-dev-event-log"]


def test_a_locked_archive_keeps_its_stack_until_the_newest_version_is_free() -> None:
    cloud = FakeCloud(lock_days=1)
    (found,) = planned(cloud, stack("event-log", ARCHIVE, KEY))
    assert found.waits_until == NOW + timedelta(hours=22)
    outcome = delete(account(cloud), [found], lambda _: None)
    assert (cloud.deleted, cloud.emptied) == ([], [])
    assert "2026-12-02 07:30" in outcome.kept[f"{PRODUCT}-dev-event-log"]


def test_an_archive_whose_lock_has_ended_goes() -> None:
    cloud = FakeCloud(lock_days=1)
    cloud.versions.pop()
    (found,) = planned(cloud, stack("event-log", ARCHIVE))
    assert found.waits_until is None


def test_what_the_template_retains_stays_and_is_not_emptied() -> None:
    cloud = FakeCloud(lock_days=365)
    retained = Resource("Archive", "AWS::S3::Bucket", "the-archive", "Retain")
    (found,) = planned(cloud, stack("event-log", retained))
    assert found.waits_until is None
    assert found.goes == {}
    assert found.stays[0].until == NOW - timedelta(hours=2) + timedelta(days=365)
    delete(account(cloud), [found], lambda _: None)
    assert (cloud.emptied, cloud.deleted) == ([], [f"{PRODUCT}-dev-event-log"])


def test_keys_wait_and_tables_leave_a_backup() -> None:
    (found,) = planned(FakeCloud(), stack("orders", KEY, TABLE))
    assert [(it.what, it.until) for it in found.stays] == [
        ("AWS::KMS::Key the-key", NOW + timedelta(days=30)),
        ("backups of the tables the-orders", NOW + timedelta(days=35)),
    ]


def test_a_key_that_somebody_had_deleted_before_goes_at_its_own_time() -> None:
    cloud = FakeCloud()
    cloud.pending["the-key"] = NOW + timedelta(days=7)
    (found,) = planned(cloud, stack("orders", KEY))
    assert [(it.why, it.until) for it in found.stays] == [
        ("somebody has asked KMS to delete it already", NOW + timedelta(days=7))
    ]


def test_the_logs_that_api_gateway_made_are_named() -> None:
    api = Resource("Api", "AWS::ApiGateway::RestApi", "abc123", "Delete")
    (found,) = planned(FakeCloud(), stack("orders", api))
    assert "API-Gateway-Execution-Logs_abc123/live" in found.stays[0].what
    assert found.stays[0].until is None


def test_a_stack_that_fails_stops_only_what_it_reads_from() -> None:
    cloud = FakeCloud(refuses=frozenset({f"{PRODUCT}-dev-order-views"}))
    plans = planned(
        cloud,
        stack("order-views", reads_from="orders"),
        stack("sales", reads_from="event-log"),
        stack("orders"),
        stack("event-log"),
    )
    said: list[str] = []
    outcome = delete(account(cloud), plans, said.append)
    assert outcome.deleted == [f"{PRODUCT}-dev-sales", f"{PRODUCT}-dev-event-log"]
    assert list(outcome.failed) == [f"{PRODUCT}-dev-order-views"]
    assert "order-views reads from it" in outcome.kept[f"{PRODUCT}-dev-orders"]
    assert any("FAILED" in line and "AccessDenied" in line for line in said)
