"""A new version behind an API is taken back when its alarm rings: what CodeDeploy does, in steps.

The emulator keeps an alias's weights and does not follow them, and has no CodeDeploy: the steps are
taken here, by the group and the alarm that the template has. All else is as it is deployed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, RemovalPolicy
from aws_cdk import Environment as Place

from contracts.product import PRODUCT
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.service_api import ServiceApi
from stacks.constructs.service_stack import ServiceStack
from stacks.orders import READ, SERVICE
from stacks.stage import stage_named
from tests.support.drivers.offline import Answer, Deployment, call, eventually
from tools.base.assembly import Assembly
from tools.base.endpoint import REGION
from tools.base.templates import CDK_JSON
from tools.emulator.deploy import delete, deploy
from tools.emulator.offline_copy import make_offline_copy

STAGE = stage_named("staging", "local", REGION)
NAME = SERVICE.stack_name("staging")
ALARM = "NewVersionFails"
GROUP = "AWS::CodeDeploy::DeploymentGroup"
SHARE = 0.1


class OneFunction(ServiceStack):
    """orders' history behind an API, as staging has it; ``table`` is where it looks for events."""

    def __init__(self, scope: App, *, table: str, key_arn: str) -> None:
        super().__init__(scope, SERVICE, stage=STAGE, env=Place(region=REGION))
        function = MicroserviceFunction(
            self,
            "OrderHistory",
            handler="order_history",
            description="Reads an order's past",
            environment={"EVENT_STORE_TABLE": table},
        )
        tables = self.format_arn(service="dynamodb", resource="table", resource_name="*")
        grant(function, "dynamodb:Query", on=tables)
        grant(function, "kms:Decrypt", on=key_arn)
        api = ServiceApi(self, rate=10, burst=10)
        api.route("GET", "/v1/orders/{order_id}/history", function, scope=READ)
        # On AWS calls are shifted before an update cleans up; here they can be only afterwards.
        function.current_version.apply_removal_policy(RemovalPolicy.RETAIN)


@dataclass
class Staging:
    """That stack, deployed again and again beside the system of dev."""

    deployment: Deployment
    folder: Path
    group: Any = None
    alarm: Any = None
    new: str = ""

    def deploy(self, table: str) -> str:
        """The version that CloudFormation has made. The alias follows it: nobody shifts here."""
        out = self.folder / uuid.uuid4().hex
        app = App(outdir=str(out), context=json.loads(CDK_JSON.read_text())["context"])
        OneFunction(app, table=table, key_arn="*")
        app.synth()
        assembly = Assembly(out)
        resources = assembly.stacks[0].template["Resources"]
        (self.group,) = (it["Properties"] for it in resources.values() if it["Type"] == GROUP)
        copy, _ = make_offline_copy(
            assembly, out.with_suffix(".offline"), self._client("cloudformation"),
            auth=False, endpoint=self.deployment.cloud.endpoint, stand_ins={},
        )  # fmt: skip
        deploy(copy, self.deployment.cloud)
        (self.alarm,) = (it["Properties"] for id, it in resources.items() if ALARM in id)
        self.new = self.version
        return self.new

    @property
    def function(self) -> str:
        return self._physical("AWS::Lambda::Function")

    @property
    def version(self) -> str:
        """The one that gets the calls, but for the share of another."""
        alias = self._client("lambda").get_alias(FunctionName=self.function, Name="live")
        return str(alias["FunctionVersion"])

    @property
    def weights(self) -> dict[str, float]:
        alias = self._client("lambda").get_alias(FunctionName=self.function, Name="live")
        found: dict[str, float] = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return found

    def move(self, version: str, weights: dict[str, float]) -> None:
        """What CodeDeploy does with the right to update the alias."""
        self._client("lambda").update_alias(
            FunctionName=self.function,
            Name="live",
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": weights},
        )

    def ask_the_api(self) -> Answer:
        url = (
            f"{self.deployment.cloud.endpoint}/_aws/execute-api/"
            f"{self._physical('AWS::ApiGateway::RestApi')}/live/v1/orders/{uuid.uuid4()}/history"
        )
        return call("GET", url, token=self.deployment.token())

    def ask(self, version: str) -> int:
        """Send one of the calls of the share to that version, as Lambda would; the status."""
        event = {
            "httpMethod": "GET",
            "path": "/",
            "headers": {},
            "pathParameters": {"order_id": str(uuid.uuid4())},
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "authorizer": {"claims": {"sub": str(uuid.uuid4())}},
            },
        }
        answer = self._client("lambda").invoke(
            FunctionName=self.function, Qualifier=version, Payload=json.dumps(event).encode()
        )
        status: int = json.loads(answer["Payload"].read())["statusCode"]
        return status

    def counted(self) -> list[dict[str, Any]]:
        """The metrics in the function's log by which its alarm judges."""
        lines = self._client("logs").filter_log_events(
            logGroupName=self._physical("AWS::Logs::LogGroup", "OrderHistoryLogs"),
            filterPattern='"UnhandledErrorsOfVersion"',
        )["events"]
        return [json.loads(it["message"]) for it in lines if it["message"].startswith("{")]

    def rings(self) -> bool:
        """Whether the alarm would, by the sums of its own metrics over what the log has counted.

        The emulator makes no metrics of log lines, and knows no alarm on an expression.
        """
        expressions = [it["Expression"] for it in self.alarm["Metrics"] if "Expression" in it]
        assert expressions == ["FILL(crashed, 0) + FILL(answered, 0)"]
        found = 0
        for stat in (it["MetricStat"] for it in self.alarm["Metrics"] if "MetricStat" in it):
            metric = stat["Metric"]
            wanted = {it["Name"]: self._text(it["Value"]) for it in metric["Dimensions"]}
            for line in self.counted():
                told = line["_aws"]["CloudWatchMetrics"][0]
                (names,) = told["Dimensions"]
                if (told["Namespace"], {it: line[it] for it in names}) == (
                    metric["Namespace"],
                    wanted,
                ):
                    found += line[metric["MetricName"]]
        return bool(found > self.alarm["Threshold"])

    def _text(self, value: Any) -> str:
        """A value of the template, as CloudFormation fills it in."""
        match value:
            case {"Ref": _}:
                return self.function
            case {"Fn::GetAtt": [_, "Version"]}:
                return self.new
            case {"Fn::Join": ["", parts]}:
                return "".join(map(self._text, parts))
        return str(value)

    def _physical(self, type: str, logical: str = "") -> str:
        pages = self._client("cloudformation").get_paginator("list_stack_resources")
        return next(
            str(it["PhysicalResourceId"])
            for page in pages.paginate(StackName=NAME)
            for it in page["StackResourceSummaries"]
            if it["ResourceType"] == type and it["LogicalResourceId"].startswith(logical)
        )

    def _client(self, service: Any) -> Any:
        return self.deployment.cloud.client(service)


@pytest.fixture(scope="module")
def staging(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    ssm = deployment.cloud.client("ssm")
    found = {
        "identity/user-pool-arn": None,
        "event-log/operations-topic-arn": None,
        "edge/web-acl-arn": "arn:none",
    }
    for name, value in found.items():
        value = value or ssm.get_parameter(Name=f"/{PRODUCT}/dev/{name}")["Parameter"]["Value"]
        ssm.put_parameter(Name=f"/{PRODUCT}/staging/{name}", Value=value, Type="String")
    yield Staging(deployment, tmp_path_factory.mktemp("shifted"))
    delete(NAME, deployment.cloud)
    ssm.delete_parameters(Names=[f"/{PRODUCT}/staging/{name}" for name in found])


def test_a_version_that_fails_gets_a_tenth_and_is_taken_back(staging: Staging) -> None:
    store = staging.deployment.named("orders", "tables", "EventStore")
    old = staging.deploy(store)
    assert (staging.ask_the_api().status, staging.weights) == (404, {})

    new = staging.deploy("gone")
    assert staging.ask_the_api().status == 500  # which every customer would have got at once
    staging.move(old, {new: SHARE})
    assert staging.weights == {new: SHARE}
    assert [staging.ask_the_api().status for _ in range(9)] == [404] * 9
    eventually(lambda: len(staging.counted()) == 1)
    assert not staging.rings()  # one call says nothing
    assert staging.ask(new) == 500
    eventually(staging.rings)

    back = staging.group["AutoRollbackConfiguration"]
    assert back["Enabled"]
    assert "DEPLOYMENT_STOP_ON_ALARM" in back["Events"]
    staging.move(old, {})
    assert (staging.version, staging.weights) == (old, {})
    assert staging.ask_the_api().status == 404


def test_failures_of_the_old_version_do_not_take_the_new_one_back(staging: Staging) -> None:
    old = staging.deploy("gone-too")
    new = staging.deploy(staging.deployment.named("orders", "tables", "EventStore"))
    staging.move(old, {new: SHARE})
    before = len(staging.counted())
    assert [staging.ask(old) for _ in range(4)] == [500] * 4
    assert staging.ask(new) == 404
    eventually(lambda: len(staging.counted()) >= before + 4)
    assert not staging.rings()
