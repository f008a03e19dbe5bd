"""What `make up` promises: a running system, and its addresses written down."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from rich.console import Console

from tests.support.drivers.console_login import claims_of
from tests.support.drivers.offline import Deployment, call
from tools.base import outputs
from tools.base.assembly import Assembly, synthesized
from tools.base.target import OFFLINE
from tools.emulator import parity
from tools.emulator.deploy import deploy
from tools.emulator.emulator import Emulator
from tools.local import tokens
from tools.local.bring_up import bring_up


def test_nobody_is_let_in_without_a_token(deployment: Deployment) -> None:
    assert call("GET", deployment.url("order-views", "/v1/orders")).status == 401
    assert call("POST", deployment.url("orders", "/v1/orders"), body={}).status == 401


def test_a_demo_user_is_let_in(deployment: Deployment, demo_token: str) -> None:
    answer = call("GET", deployment.url("order-views", "/v1/orders"), token=demo_token)
    assert answer.status == 200


def test_each_demo_user_stays_the_same_customer(deployment: Deployment) -> None:
    cloud, workspace = deployment.cloud, deployment.emulator.workspace

    def customer(user: str) -> str:
        access = tokens.token(deployment.outputs, cloud, workspace, user=user)
        subject: str = claims_of(access)["sub"]
        return subject

    assert customer("demo") == customer("demo")
    assert customer("demo") != customer("other")


def test_a_second_deployment_of_the_same_changes_nothing(deployment: Deployment) -> None:
    assembly = Assembly(deployment.emulator.workspace.offline_assembly)
    assert set(deploy(assembly, deployment.cloud).values()) == {"unchanged"}
    found = outputs.collect(assembly, deployment.cloud, environment=OFFLINE)
    assert found == outputs.read(deployment.emulator.workspace.outputs)


def test_every_name_that_is_written_down_exists(deployment: Deployment) -> None:
    cloud, services = deployment.cloud, deployment.outputs["services"].values()
    names = {
        heading: [name for service in services for name in service.get(heading, {}).values()]
        for heading in ("tables", "streams", "buckets", "functions", "queues", "user_pools")
    }
    for table in names["tables"]:
        cloud.client("dynamodb").describe_table(TableName=table)
    for stream in names["streams"]:
        cloud.client("kinesis").describe_stream_summary(StreamName=stream)
    for bucket in names["buckets"]:
        cloud.client("s3").head_bucket(Bucket=bucket)
    for function in names["functions"]:
        cloud.client("lambda").get_function(FunctionName=function)
    for queue in names["queues"]:
        cloud.client("sqs").get_queue_attributes(QueueUrl=queue)
    for pool in names["user_pools"]:
        cloud.client("cognito-idp").describe_user_pool(UserPoolId=pool)
    assert all(names.values())


def test_the_parity_ledger_says_what_the_emulator_does_with_every_type_in_use() -> None:
    ledger = tomllib.loads(parity.LEDGER.read_text())["types"]
    with synthesized() as assembly:
        used = {
            resource["Type"]
            for stack in assembly.stacks
            for resource in stack.template["Resources"].values()
        }
    assert used - ledger.keys() == set()


@pytest.mark.nightly
def test_it_runs_with_policies_enforced_too(tmp_path: Path) -> None:
    with Emulator(tmp_path, auth=True) as emulator:
        enforced = Deployment(emulator, bring_up(emulator, Console(quiet=True)), emulator.cloud)
        url = enforced.url("order-views", "/v1/orders")
        assert call("GET", url, token=enforced.token()).status == 200
