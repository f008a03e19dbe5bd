"""A reader of the log that has a fan-out is deployed beside the others, and the log reaches it."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk import Environment as Account

from bundling.workspace import Workspace
from stacks.constructs import microservice_function
from stacks.constructs.log_consumer import LogConsumer
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.services import Service
from stacks.stage import Stage, stage_named
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.system import System
from tools.base.assembly import Assembly
from tools.base.workspace import CHECKOUT
from tools.emulator.deploy import deploy
from tools.emulator.offline_copy import make_offline_copy
from tools.emulator.removal import STREAM_CONSUMER

CODE = {
    "returns/__init__.py": "",
    "returns/handlers/__init__.py": "",
    "returns/handlers/follow.py": "from sales.handlers.project_sales import handler",
    "returns/handlers/redrive.py": "from sales.handlers.redrive import handler",
    "returns/handlers/show.py": "from sales.handlers.show import handler",
}
"""A service that counts as sales does, in a table of its own."""
SECONDS = 30


class Returns(ServiceStack):
    """A fifth reader of the log."""

    def __init__(self, scope: App, stage: Stage) -> None:
        super().__init__(
            scope,
            Service(name="returns", owner="research", purpose="a fifth reader"),
            stage=stage,
            env=Account(region=stage.region),
        )
        key = self.make_key()
        table = ServiceTable(
            self, "Counted", key=key, partition_key=text("pk"), sort_key=text("sk")
        )
        follower = LogConsumer(
            self,
            "Follow",
            handler="follow",
            description="Follows the log by a fan-out",
            environment={"SALES_TABLE": table.table_name},
            key=key,
            fan_out=True,
        )
        for action in ("GetItem", "BatchGetItem", "PutItem", "UpdateItem"):
            follower.allow(f"dynamodb:{action}", on=table.table_arn)


@pytest.fixture
def counted(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The name of the table of a fifth reader, which is deployed while the test runs."""
    package = tmp_path / "returns.zip"
    shutil.copyfile(Workspace().zip_of("sales", "local"), package)
    with zipfile.ZipFile(package, "a") as archive:
        for name, source in CODE.items():
            archive.writestr(name, source)
    monkeypatch.setattr(microservice_function, "asset_path", lambda *_: package)
    context = json.loads((CHECKOUT / "cdk.json").read_text())["context"]
    app = App(outdir=str(tmp_path / "assembly"), context=context)
    Returns(app, stage_named("dev", "local", deployment.outputs["region"]))
    assembly = Assembly(Path(app.synth().directory))
    (stack,) = assembly.stacks
    assert STREAM_CONSUMER in {it["Type"] for it in stack.template["Resources"].values()}
    cloudformation = deployment.cloud.client("cloudformation")
    copy, removed = make_offline_copy(
        assembly, tmp_path / "copy", cloudformation, auth=deployment.emulator.auth
    )
    assert STREAM_CONSUMER in {it.kind for it in removed}, "the stream is read itself"
    try:
        assert deploy(copy, deployment.cloud) == {stack.name: "created"}
        resources = cloudformation.describe_stack_resources(StackName=stack.name)
        (table,) = [
            it["PhysicalResourceId"]
            for it in resources["StackResources"]
            if it["LogicalResourceId"].startswith("Counted")
            and it["ResourceType"].startswith("AWS::DynamoDB::")
        ]
        yield table
    finally:
        cloudformation.delete_stack(StackName=stack.name)


def test_what_is_placed_reaches_a_reader_with_a_fan_out(
    deployment: Deployment, counted: str
) -> None:
    order_id = System(deployment.outputs, deployment.token).placed()

    def gate() -> Any:
        return (
            deployment.cloud.client("dynamodb")
            .get_item(
                TableName=counted,
                Key={"pk": {"S": f"g1#order#{order_id}"}, "sk": {"S": "gate"}},
                ConsistentRead=True,
            )
            .get("Item")
        )

    assert int(eventually(gate, SECONDS)["version"]["N"]) >= 1
