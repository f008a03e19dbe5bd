"""A teardown of a whole deployment: shown first, confirmed by name, complete, and repeatable."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from contracts.product import PRODUCT
from tools.base.endpoint import Cloud
from tools.base.outputs import Outputs
from tools.emulator.emulator import Emulator
from tools.local.bring_up import bring_up
from tools.teardown.__main__ import main

PREFIX = f"{PRODUCT}-dev-"


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cloud, Outputs]]:
    """A deployment of its own, since it does not survive this module."""
    with Emulator(tmp_path_factory.mktemp("teardown")) as emulator:
        yield emulator.cloud, bring_up(emulator, Console(quiet=True))


@pytest.fixture
def cloud(apart: tuple[Cloud, Outputs]) -> Cloud:
    return apart[0]


@pytest.fixture
def archive(apart: tuple[Cloud, Outputs]) -> str:
    """The archive's bucket, with an object that was written twice and then deleted."""
    cloud, outputs = apart
    bucket: str = outputs["services"]["event-log"]["buckets"]["Archive"]
    s3 = cloud.client("s3")
    for content in (b"first", b"second"):
        s3.put_object(Bucket=bucket, Key="events/day=2026-12-01/one", Body=content)
    s3.delete_object(Bucket=bucket, Key="events/day=2026-12-01/one")
    return bucket


def test_without_confirmation_it_only_shows(
    cloud: Cloud, archive: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _stacks(cloud)
    assert main(["--environment", "dev", "--endpoint", cloud.endpoint]) == 0
    shown = capsys.readouterr().out
    assert _stacks(cloud) == before
    assert shown.index(f"{PREFIX}order-views") < shown.index(f"{PREFIX}orders\n")
    assert shown.index(f"{PREFIX}orders\n") < shown.index(f"{PREFIX}event-log\n")
    assert f"empties  {archive}" in shown
    assert "KMS waits before it deletes a key" in shown
    assert "Nothing was deleted" in shown


def test_another_name_than_the_environments_deletes_nothing(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _stacks(cloud)
    monkeypatch.setattr("sys.stdin", io.StringIO("prod\n"))
    assert main(["--environment", "dev", "--endpoint", cloud.endpoint, "--confirm"]) == 1
    assert "the name was not typed" in capsys.readouterr().err
    assert _stacks(cloud) == before


def test_a_protected_stack_is_refused_with_the_way_to_lift_it(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloudformation = cloud.client("cloudformation")
    name = f"{PREFIX}event-log"
    cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=True)
    before = _stacks(cloud)
    assert main(["--environment", "dev", "--endpoint", cloud.endpoint, "--confirm", "--yes"]) == 1
    said = capsys.readouterr().err
    assert f"--no-enable-termination-protection --stack-name {name}" in said
    assert _stacks(cloud) == before
    cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=False)


def test_confirmed_it_leaves_nothing_behind_and_can_be_repeated(
    cloud: Cloud,
    archive: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("dev\n"))
    assert main(["--environment", "dev", "--endpoint", cloud.endpoint, "--confirm"]) == 0
    said = capsys.readouterr().out
    assert f"emptied {archive}" in said
    assert f"{PREFIX}orders: deleted 2 versions of its configuration" in said
    assert "KMS deletes it, and bills it no more" in said
    assert "Nothing of dev is billed any more" in said
    assert _stacks(cloud) == set()
    assert archive not in {it["Name"] for it in cloud.client("s3").list_buckets()["Buckets"]}
    assert cloud.client("dynamodb").list_tables()["TableNames"] == []
    assert main(["--environment", "dev", "--endpoint", cloud.endpoint, "--confirm"]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_what_is_in_no_stack_is_found_and_keeps_the_proof_from_being_made(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="LeftBehind",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        Tags=[{"Key": "system", "Value": PRODUCT}, {"Key": "environment", "Value": "dev"}],
    )
    arguments = ["--environment", "dev", "--endpoint", cloud.endpoint, "--confirm", "--yes"]
    assert main(arguments) == 1
    assert "table/LeftBehind: it is in no stack, and is billed" in capsys.readouterr().out
    dynamodb.delete_table(TableName="LeftBehind")
    assert main(arguments) == 0
    assert "Nothing of dev is billed any more" in capsys.readouterr().out


def test_an_address_that_is_not_this_machine_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--environment", "dev", "--endpoint", "http://192.0.2.1:4566"]) == 1
    assert "refusing to talk to http://192.0.2.1:4566" in capsys.readouterr().err


def _stacks(cloud: Cloud) -> set[str]:
    described = cloud.client("cloudformation").describe_stacks()["Stacks"]
    return {
        it["StackName"]
        for it in described
        if it["StackName"].startswith(PREFIX) and it["StackStatus"] != "DELETE_COMPLETE"
    }
