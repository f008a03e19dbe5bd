"""A teardown of what is half deployed, half deleted, or changed by others meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import tools.teardown.__main__ as command
from contracts.product import PRODUCT
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.own_system import OwnSystem
from tools.base.endpoint import Cloud
from tools.base.target import Target, of_emulator, offline
from tools.emulator.emulator import Emulator
from tools.local.bring_up import bring_up

pytestmark = pytest.mark.nightly

PREFIX = f"{PRODUCT}-dev-"
TAGS = [{"Key": "system", "Value": PRODUCT}, {"Key": "environment", "Value": "dev"}]
STORE = {
    "Resources": {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {"KeyPolicy": {"Statement": []}, "Tags": TAGS},
        },
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": TAGS}},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "Tags": TAGS,
            },
        },
        "Parameter": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": f"/{PRODUCT}/dev/store/bucket-name",
                "Type": "String",
                "Value": {"Ref": "Bucket"},
            },
        },
    }
}
READER = {
    "Parameters": {
        "Store": {
            "Type": "AWS::SSM::Parameter::Value<String>",
            "Default": f"/{PRODUCT}/dev/store/bucket-name",
        }
    },
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"Tags": TAGS}}},
}
STACKS = {"store": STORE, "reader": READER}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with Emulator(tmp_path_factory.mktemp("teardown-faults")) as emulator:
        yield emulator.cloud


def made(cloud: Cloud, **stacks: Any) -> None:
    """Two small stacks, of which one reads from the other, and objects in the bucket."""
    cloudformation = cloud.client("cloudformation")
    for name, template in (stacks or STACKS).items():
        full = f"{PREFIX}{name}"
        cloudformation.create_stack(StackName=full, TemplateBody=json.dumps(template))
        eventually(partial(_is, cloud, full, "CREATE_COMPLETE"))
    bucket = bucket_of(cloud)
    for number in range(3):
        cloud.client("s3").put_object(Bucket=bucket, Key=f"events/{number}", Body=b"x")


def bucket_of(cloud: Cloud) -> str:
    return physical(cloud, "Bucket")


def physical(cloud: Cloud, logical: str) -> str:
    described = cloud.client("cloudformation").describe_stack_resource(
        StackName=f"{PREFIX}store", LogicalResourceId=logical
    )
    name: str = described["StackResourceDetail"]["PhysicalResourceId"]
    return name


def destroyed(cloud: Cloud) -> int:
    return command.main(
        ["--environment", "dev", "--endpoint", cloud.endpoint, "--confirm", "--yes"]
    )


def nothing_is_left(cloud: Cloud) -> bool:
    stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
    there = [
        it["StackName"]
        for it in stacks
        if it["StackName"].startswith(PREFIX) and it["StackStatus"] != "DELETE_COMPLETE"
    ]
    tables = cloud.client("dynamodb").list_tables()["TableNames"]
    buckets = [
        it["Name"]
        for it in cloud.client("s3").list_buckets()["Buckets"]
        if it["Name"].startswith(PREFIX)
    ]
    return not (there or tables or buckets)


class Hooked:
    """A client that does something before each of its calls."""

    def __init__(self, client: Any, before: Callable[[str], None]) -> None:
        self._client = client
        self._before = before

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name in ("exceptions", "meta"):
            return found
        if name == "get_paginator":
            return lambda operation: Hooked(found(operation), self._before)

        def called(*arguments: Any, **named: Any) -> Any:
            self._before(name)
            return found(*arguments, **named)

        return called


def hook(monkeypatch: pytest.MonkeyPatch, cloud: Cloud, before: Callable[[str], None]) -> None:
    """Have the command do this before each call of AWS."""
    target = of_emulator(cloud)

    def hooked(*_: Any) -> Target:
        return replace(target, client=lambda service: Hooked(target.client(service), before))

    monkeypatch.setattr(command, "_target", hooked)


def test_ctrl_c_in_any_phase_is_told_and_the_next_run_goes_on(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A phase is the first and the last call of each kind: looking, emptying, deleting, proving."""
    made(cloud)
    seen: list[str] = []
    with monkeypatch.context() as patched:
        hook(patched, cloud, seen.append)
        assert destroyed(cloud) == 0
    last = {it: number for number, it in enumerate(seen)}
    phases = {*map(seen.index, seen), *last.values()}
    assert {"delete_objects", "delete_stack", "get_template", "describe_stacks"} <= set(seen)
    for phase in sorted(phases):
        made(cloud)
        calls = iter(range(phase + 1))

        def press(_: str, calls: Iterator[int] = calls, phase: int = phase) -> None:
            if next(calls, None) == phase:
                raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            hook(patched, cloud, press)
            assert destroyed(cloud) == 130, seen[phase]
        assert "Run the same command again to go on" in capsys.readouterr().err
        assert destroyed(cloud) == 0, seen[phase]
        assert "Nothing of dev is billed any more" in capsys.readouterr().out
        assert nothing_is_left(cloud)


@pytest.mark.parametrize("call", ["get_template", "delete_stack", "paginate"])
def test_a_stack_that_somebody_deletes_meanwhile_is_no_fault(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    made(cloud)
    gone: list[str] = []

    def delete(name: str) -> None:
        if name == call and not gone:
            gone.append(f"{PREFIX}reader")
            cloud.client("cloudformation").delete_stack(StackName=gone[0])
            eventually(lambda: _status(cloud, gone[0]) is None)

    hook(monkeypatch, cloud, delete)
    assert destroyed(cloud) == 0
    assert gone
    assert nothing_is_left(cloud)


def test_a_key_that_somebody_scheduled_before_keeps_no_stack(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    made(cloud)
    key = physical(cloud, "Key")
    cloud.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert destroyed(cloud) == 0
    assert "somebody has asked KMS to delete it already" in capsys.readouterr().out
    assert nothing_is_left(cloud)


TAKEN = "/taken/by/somebody/else"
REFUSED = {
    "Type": "AWS::SSM::Parameter",
    "Properties": {"Name": TAKEN, "Type": "String", "Value": "ours"},
    "DependsOn": ["Bucket", "Table"],
}
BROKEN = {"Resources": {**STORE["Resources"], "Refused": REFUSED}}
"""Its last resource cannot be made, after the others were."""


def rolled_back(cloud: Cloud) -> None:
    """CloudFormation has taken back what it had made."""
    create(cloud, "store", BROKEN)
    eventually(partial(_is, cloud, f"{PREFIX}store", "ROLLBACK_COMPLETE"))


def left_as_it_failed(cloud: Cloud) -> None:
    """Somebody wanted to look at what was made."""
    create(cloud, "store", BROKEN, OnFailure="DO_NOTHING")
    eventually(partial(_is, cloud, f"{PREFIX}store", "CREATE_FAILED"))


def only_planned(cloud: Cloud) -> None:
    """The CDK's command line was ended between its change set and the change."""
    cloud.client("cloudformation").create_change_set(
        StackName=f"{PREFIX}store",
        ChangeSetName="deploy",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(STORE),
    )
    eventually(partial(_is, cloud, f"{PREFIX}store", "REVIEW_IN_PROGRESS"))


def taken_back_update(cloud: Cloud) -> None:
    """The newest version failed, and the one before is there again."""
    made(cloud)
    cloud.client("cloudformation").update_stack(
        StackName=f"{PREFIX}store", TemplateBody=json.dumps(BROKEN)
    )
    eventually(partial(_is, cloud, f"{PREFIX}store", "UPDATE_ROLLBACK_COMPLETE"))


def without_what_it_reads(cloud: Cloud) -> None:
    """The first of two stacks is gone, and the second has no parameter to be updated with."""
    made(cloud)
    for object in cloud.client("s3").list_objects_v2(Bucket=bucket_of(cloud))["Contents"]:
        cloud.client("s3").delete_object(Bucket=bucket_of(cloud), Key=object["Key"])
    cloud.client("cloudformation").delete_stack(StackName=f"{PREFIX}store")
    eventually(lambda: _status(cloud, f"{PREFIX}store") is None)


# A deletion that failed is no state of the emulator, which deletes whatever a bucket holds: see
# tests/unit/tools/teardown.
HALF = (
    rolled_back,
    left_as_it_failed,
    only_planned,
    taken_back_update,
    without_what_it_reads,
)


@pytest.fixture
def taken(cloud: Cloud) -> Iterator[None]:
    """A name that somebody else has, so that a stack which wants it fails."""
    ssm = cloud.client("ssm")
    ssm.put_parameter(Name=TAKEN, Type="String", Value="theirs")
    yield
    assert ssm.get_parameter(Name=TAKEN)["Parameter"]["Value"] == "theirs"
    ssm.delete_parameter(Name=TAKEN)


@pytest.mark.usefixtures("taken")
@pytest.mark.parametrize("state", HALF, ids=lambda it: it.__name__)
def test_a_half_deployed_state_is_destroyed_with_nothing_left(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], state: Callable[[Cloud], None]
) -> None:
    state(cloud)
    assert destroyed(cloud) == 0, capsys.readouterr()
    assert "Nothing of dev is billed any more" in capsys.readouterr().out
    assert nothing_is_left(cloud)
    made(cloud)  # and the way is free for a deployment
    assert destroyed(cloud) == 0
    assert nothing_is_left(cloud)


def test_five_deployments_and_teardowns_in_a_row_leave_nothing(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(5):
        made(cloud)
        assert destroyed(cloud) == 0
        assert "Nothing of dev is billed any more" in capsys.readouterr().out
        assert nothing_is_left(cloud)


@pytest.mark.timeout(3600)
def test_the_whole_system_is_deployed_and_destroyed_five_times_in_a_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each one begins with nothing, carries orders to their end, and leaves what there was."""
    with Emulator(tmp_path) as emulator:
        before = there_is(emulator.cloud)
        for number in range(5):
            outputs = bring_up(emulator, Console(quiet=True))
            deployment = Deployment(emulator, outputs, emulator.cloud)
            system = OwnSystem(deployment, offline(emulator.workspace.root))
            assert system.stored() == {}, f"round {number} found orders of the one before"
            system.place(2)
            system.settle()
            capsys.readouterr()
            assert destroyed(emulator.cloud) == 0, capsys.readouterr()
            assert "Nothing of dev is billed any more" in capsys.readouterr().out
            assert nothing_is_left(emulator.cloud)
            assert there_is(emulator.cloud) == before, f"round {number} left something"


def there_is(cloud: Cloud) -> dict[str, set[str]]:
    """Names of what costs something or would be in the way of the next deployment.

    What `cdk bootstrap` makes is the account's own, and stays.
    """

    def names(service: Any, operation: str, listed: str, name: str) -> set[str]:
        if not service.can_paginate(operation):
            return {it[name] for it in getattr(service, operation)()[listed]}
        pages = service.get_paginator(operation).paginate()
        return {it[name] for page in pages for it in page[listed]}

    client = of_emulator(cloud).client
    keys = client("kms")
    return {
        "functions": names(client("lambda"), "list_functions", "Functions", "FunctionName"),
        "streams": set(client("kinesis").list_streams()["StreamNames"]),
        "queues": set(client("sqs").list_queues().get("QueueUrls", [])),
        "topics": names(client("sns"), "list_topics", "Topics", "TopicArn"),
        "alarms": names(client("cloudwatch"), "describe_alarms", "MetricAlarms", "AlarmName"),
        "secrets": names(client("secretsmanager"), "list_secrets", "SecretList", "Name"),
        "parameters": {
            it
            for it in names(client("ssm"), "describe_parameters", "Parameters", "Name")
            if not it.startswith("/cdk-bootstrap/")
        },
        "machines": names(client("stepfunctions"), "list_state_machines", "stateMachines", "name"),
        "apis": names(client("apigateway"), "get_rest_apis", "items", "name"),
        "keys": {
            it
            for it in names(keys, "list_keys", "Keys", "KeyId")
            if keys.describe_key(KeyId=it)["KeyMetadata"]["KeyState"] == "Enabled"
        },
    }


def create(cloud: Cloud, name: str, template: Any, **options: Any) -> None:
    cloud.client("cloudformation").create_stack(
        StackName=f"{PREFIX}{name}", TemplateBody=json.dumps(template), **options
    )


def _is(cloud: Cloud, name: str, status: str) -> bool:
    return _status(cloud, name) == status


def _status(cloud: Cloud, name: str) -> str | None:
    stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
    found = (it for it in stacks if it["StackName"] == name)
    return next((it["StackStatus"] for it in found if it["StackStatus"] != "DELETE_COMPLETE"), None)
