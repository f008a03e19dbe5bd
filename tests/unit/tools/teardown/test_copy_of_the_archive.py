"""A teardown knows that the archive's copy is in another region, and touches nothing else there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

import tools.teardown.__main__ as command
from contracts.product import PRODUCT
from tools.base.region import Region
from tools.base.target import Target
from tools.teardown.deletion import Outcome
from tools.teardown.stacks import copies

HERE, THERE = "eu-west-1", "eu-central-1"
STACKS = {
    HERE: [f"{PRODUCT}-prod-event-log"],
    # Production was deployed here as well, to try the way back from a lost region.
    THERE: [f"{PRODUCT}-prod-archive-replica", f"{PRODUCT}-prod-orders"],
}


class FakeCloud:
    """CloudFormation and S3 of one region: each stack retains one bucket."""

    def __init__(self, region: str) -> None:
        self.region = region

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}

    def get_paginator(self, operation: str) -> Any:
        pages: dict[str, list[dict[str, Any]]] = {
            "describe_stacks": [{"Stacks": [self._stack(it) for it in STACKS[self.region]]}],
            "list_object_versions": [{"Versions": []}],
            "get_resources": [{"ResourceTagMappingList": []}],
            "describe_log_groups": [{"logGroups": []}],
        }

        class Paginator:
            def paginate(self, **given: str) -> Iterator[dict[str, Any]]:
                if operation == "list_stack_resources":
                    bucket = {
                        "LogicalResourceId": "Kept",
                        "ResourceType": "AWS::S3::Bucket",
                        "PhysicalResourceId": f"bucket-of-{given['StackName']}",
                        "ResourceStatus": "CREATE_COMPLETE",
                    }
                    yield {"StackResourceSummaries": [bucket]}
                else:
                    yield from pages[operation]

        return Paginator()

    def get_template(self, **_: str) -> dict[str, Any]:
        return {"TemplateBody": {"Resources": {"Kept": {"DeletionPolicy": "Retain"}}}}

    def get_object_lock_configuration(self, **_: str) -> dict[str, Any]:
        return {"ObjectLockConfiguration": {}}

    @staticmethod
    def _stack(name: str) -> dict[str, Any]:
        return {
            "StackName": name,
            "StackStatus": "CREATE_COMPLETE",
            "EnableTerminationProtection": True,
            "CreationTime": datetime(2026, 12, 1, tzinfo=UTC),
        }


def account(environment: str, region: Region) -> Target:
    cloud = FakeCloud(region.name)
    return Target("here", environment, lambda _: cloud, is_offline=False, region=region.name)


def test_only_the_copy_is_found_there() -> None:
    assert [it.name for it in copies(account("prod", Region(THERE, "a test")), "prod")] == [
        f"{PRODUCT}-prod-archive-replica"
    ]


def test_the_plan_shows_the_copy_and_that_it_stays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "account", account)
    places = ["--region", HERE, "--archive-region", THERE]
    assert command.main(["--environment", "prod", *places]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"the copy of its archive, in region {THERE}" in said
    assert f"bucket-of-{PRODUCT}-prod-archive-replica: its template retains it" in said
    assert f"{PRODUCT}-prod-orders" not in said


def test_protection_of_the_copy_counts_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "account", account)
    places = ["--region", HERE, "--archive-region", THERE]
    assert command.main(["--environment", "prod", *places, "--confirm", "--yes"]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert f"--stack-name {PRODUCT}-prod-archive-replica --region {THERE}" in said
    assert f"--stack-name {PRODUCT}-prod-event-log --region {HERE}" in said


def test_what_became_of_both_regions_is_one_report() -> None:
    here = Outcome(["a"], {"b": "failed"}, {})
    there = Outcome([], {}, {"c": "locked"})
    assert here.with_those_of(there) == Outcome(["a"], {"b": "failed"}, {"c": "locked"})
    assert here.deleted == ["a"]
