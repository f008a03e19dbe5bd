"""A teardown ends with what is there and costs something, whoever left it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contracts.product import PRODUCT
from tools.base.target import Target
from tools.teardown.proof import prove, show_what_is_left_behind
from tools.teardown.remains import remainders

PLACE = "eu-west-1:123456789012"
TABLE = f"arn:aws:dynamodb:{PLACE}:table/Orphan"
KEY = f"arn:aws:kms:{PLACE}:key/a-key"
QUEUE = f"arn:aws:sqs:{PLACE}:a-queue"
SECRET = f"arn:aws:secretsmanager:{PLACE}:secret:a-secret"
GROUP = f"arn:aws:logs:{PLACE}:log-group:/aws/lambda/{PRODUCT}-dev-orders-Resource"
GOES = datetime(2026, 12, 8, tzinfo=UTC)


class FakeAccount:
    """What is tagged, what logs there are, which stacks; and what is asked of each."""

    def __init__(self, *tagged: str, groups: tuple[str, ...] = ()) -> None:
        self.tagged = tagged
        self.groups = groups
        self.gone: set[str] = set()
        self.pending: set[str] = set()
        self.stacks: dict[str, list[str]] = {}

    def get_paginator(self, operation: str) -> Paginator:
        return Paginator(self, operation)

    def get_template(self, **_: str) -> dict[str, Any]:
        return {"TemplateBody": "{}"}

    def describe_table(self, *, TableName: str) -> None:  # noqa: N803
        self._look("ResourceNotFoundException", TableName)

    def head_bucket(self, *, Bucket: str) -> None:  # noqa: N803
        self._look("404", Bucket)

    def describe_key(self, *, KeyId: str) -> dict[str, Any]:  # noqa: N803
        self._look("NotFoundException", KeyId)
        state = {"KeyState": "PendingDeletion", "DeletionDate": GOES}
        return {"KeyMetadata": state if KeyId in self.pending else {"KeyState": "Enabled"}}

    def describe_secret(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803
        self._look("ResourceNotFoundException", SecretId)
        return {"DeletedDate": GOES} if SecretId in self.pending else {}

    def _look(self, code: str, name: str) -> None:
        if any(it.endswith(name) for it in self.gone):
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Describe")


class Paginator:
    """The pages of one operation, of which the first is always empty: AWS may answer so."""

    def __init__(self, account: FakeAccount, operation: str) -> None:
        self._account = account
        self._operation = operation

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        account = self._account
        if self._operation == "get_resources":
            tags = {it["Key"]: it["Values"] for it in asked["TagFilters"]}
            assert tags == {"system": [PRODUCT], "environment": ["dev"]}
            yield {"ResourceTagMappingList": []}
            yield {"ResourceTagMappingList": [{"ResourceARN": it} for it in account.tagged]}
        elif self._operation == "describe_log_groups":
            yield {"logGroups": [{"arn": f"{it}:*"} for it in account.groups]}
        elif self._operation == "describe_stacks":
            described = {"StackStatus": "DELETE_FAILED", "CreationTime": GOES}
            yield {"Stacks": [{"StackName": it, **described} for it in account.stacks]}
        else:
            found = account.stacks[asked["StackName"]]
            summary = {"LogicalResourceId": "X", "ResourceType": "T", "ResourceStatus": "S"}
            yield {
                "StackResourceSummaries": [{**summary, "PhysicalResourceId": it} for it in found]
            }


def target(account: FakeAccount) -> Target:
    return Target("the account", "dev", lambda _: account, is_offline=True)


def proof(account: FakeAccount, *announced: str) -> int:
    return prove(target(account), None, announced=announced)


def test_an_account_without_any_of_it_is_proved_to_cost_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert proof(FakeAccount()) == 0
    assert "Nothing of dev is billed any more: the account." in capsys.readouterr().out


def test_what_is_in_no_stack_is_billed_and_no_proof(capsys: pytest.CaptureFixture[str]) -> None:
    assert proof(FakeAccount(TABLE, KEY, SECRET, groups=(GROUP,))) == 1
    said = capsys.readouterr().out
    assert all(f"  billed   {it}" in said for it in (TABLE, KEY, SECRET, GROUP))
    assert "0 stacks and 4 other resources of it are still billed" in said


def test_what_was_announced_to_stay_is_told_and_no_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert proof(FakeAccount(TABLE), "Orphan") == 0
    assert f"  billed   {TABLE}" in capsys.readouterr().out


def test_keys_and_secrets_that_wait_for_their_deletion_cost_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    account = FakeAccount(KEY, SECRET, QUEUE)
    account.pending = {KEY, SECRET}
    assert proof(account) == 0
    said = capsys.readouterr().out
    assert f"  free     {KEY}: KMS deletes it, and bills it no more; until 2026-12-08" in said
    assert "Nothing of dev is billed any more" in said


def test_tags_of_what_is_gone_are_no_remainder() -> None:
    account = FakeAccount(TABLE, KEY, SECRET, "arn:aws:s3:::a-bucket")
    account.gone = {TABLE, KEY, SECRET, "a-bucket"}
    assert remainders(target(account), []) == []


def test_a_stack_that_is_still_there_is_billed_and_holds_what_is_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    account = FakeAccount(TABLE, KEY)
    account.stacks = {f"{PRODUCT}-dev-orders": ["Orphan", KEY], f"{PRODUCT}-prod-orders": []}
    proof(account)
    said = capsys.readouterr().out
    assert f"  billed   the stack {PRODUCT}-dev-orders, DELETE_FAILED: 2 resources" in said
    assert "1 stacks and 0 other resources of it are still billed" in said


def test_what_an_earlier_failure_left_behind_is_shown_before(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_what_is_left_behind(remainders(target(FakeAccount(TABLE, QUEUE)), []))
    said = capsys.readouterr().out
    assert f"left behind: {TABLE}: it is in no stack" in said
    assert QUEUE not in said
