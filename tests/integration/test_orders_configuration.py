"""Operators change what orders does while it runs: the same process answers differently."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any

import pytest

from contracts.product import PRODUCT
from tests.support.drivers.live_configuration import changed, process_ids
from tests.support.drivers.offline import Answer, Deployment, call, eventually
from tools.base.endpoint import Cloud
from tools.emulator import function_logs
from tools.emulator.configuration_agent import ConfigurationAgent

LINE = {"sku": "MUG-BLUE", "quantity": 1}
USUAL_PRICE = 1290
BODY: dict[str, Any] = {
    "lines": [LINE],
    "currency": "EUR",
    "ship_to": {
        "address_id": "5f1c33b2-8d1d-4a68-9d0a-6f6f0b1c2d3e",
        "country": "IE",
        "postcode_area": "D02",
    },
}
CLOSED = {"enabled": False}


class Shop:
    """Places orders of a customer whom nobody else uses."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.token = deployment.token("configured")

    def order(self, key: str | None = None, lines: int = 1) -> Answer:
        return call(
            "POST",
            self.deployment.url("orders", "/v1/orders"),
            token=self.token,
            body={**BODY, "lines": [LINE] * lines},
            headers={"Idempotency-Key": key or str(uuid.uuid4())},
        )

    def processes(self) -> frozenset[int]:
        return process_ids(self.deployment, "orders", "PlaceOrder")


@pytest.fixture(scope="module")
def shop(deployment: Deployment) -> Shop:
    return Shop(deployment)


def test_the_same_process_stops_accepting_orders_and_begins_again(
    deployment: Deployment, shop: Shop
) -> None:
    key = str(uuid.uuid4())
    accepted = shop.order(key)
    assert accepted.status == 202
    began_with = shop.processes()
    with changed(deployment, "orders", settings={"retry_after_seconds": 7}, accept_orders=CLOSED):
        refused = shop.order()
        repeated = shop.order(key)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "7")
    assert refused.json["type"].endswith("/orders-not-accepted")
    assert (repeated.status, repeated.json) == (202, accepted.json), "it was accepted before"
    assert shop.order().status == 202
    assert began_with & shop.processes() == began_with != frozenset()


def test_a_limit_of_lines_and_a_discount_take_effect(deployment: Deployment, shop: Shop) -> None:
    assert shop.order(lines=3).json["total"] == 3 * USUAL_PRICE
    with changed(
        deployment,
        "orders",
        settings={"max_lines": 2},
        introductory_discount={
            "enabled": True,
            "percent_of_customers": 100,
            "basis_points": 1000,
        },
    ):
        assert shop.order(lines=3).json["errors"][0]["pointer"] == "/lines"
        assert shop.order(lines=2).json["total"] == 2 * 1161
    assert shop.order(lines=3).json["total"] == 3 * USUAL_PRICE


def test_while_the_agent_is_gone_the_last_value_stays_in_force(
    deployment: Deployment, shop: Shop
) -> None:
    agent = ConfigurationAgent(deployment.emulator.workspace)
    with changed(deployment, "orders", accept_orders=CLOSED):
        assert shop.order().status == 503
        begun = _milliseconds()
        agent.stop()
        try:
            eventually(
                lambda: (
                    shop.order().status
                    and "configuration unreachable" in _said(deployment, since=begun)
                )
            )
            assert shop.order().status == 503, "neither the default nor an error"
        finally:
            agent.start(deployment.emulator.endpoint)
    assert shop.order().status == 202


def test_a_document_that_was_deployed_past_every_check_does_not_come_into_force(
    deployment: Deployment, shop: Shop, cloud: Cloud
) -> None:
    with changed(deployment, "orders", settings={"max_lines": 2}):
        assert shop.order(lines=3).status == 422
        begun = _milliseconds()
        _deploy_by_hand(cloud, {"max_lines": 99_999})
        eventually(
            lambda: (
                shop.order(lines=3).status
                and "configuration refused" in _said(deployment, since=begun)
            )
        )
        assert shop.order(lines=3).status == 422
        assert shop.order(lines=2).status == 202


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"max_lines": 0}, "settings: /max_lines: Expected `int` >= 1; found 0"),
        (
            {
                "version": "1",
                "flags": {},
                "values": {"introductory-discount": {"enabled": True, "basis_points": 3001}},
            },
            "flags: /introductory-discount/basis_points: no discount beyond 3000 basis points",
        ),
    ],
    ids=["of a wrong form", "beyond the floor"],
)
def test_the_deployed_validator_refuses_a_document(
    deployment: Deployment, document: Any, said: str
) -> None:
    content = base64.b64encode(json.dumps(document).encode()).decode()
    answer = deployment.cloud.client("lambda").invoke(
        FunctionName=deployment.named("orders", "functions", "ValidateConfiguration"),
        Payload=json.dumps({"content": content, "uri": "hosted"}).encode(),
    )
    assert answer.get("FunctionError")
    assert said in json.loads(answer["Payload"].read())["errorMessage"]


def _said(deployment: Deployment, *, since: int) -> str:
    """What the function has logged from that moment on."""
    name = deployment.named("orders", "functions", "PlaceOrder")
    lines = function_logs.lines(deployment.cloud, {"PlaceOrder": name}, since=since)
    return "\n".join(line.text for line in lines)


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _deploy_by_hand(cloud: Cloud, settings: Any) -> None:
    """As somebody might at the console; offline AppConfig asks no validator."""
    appconfig = cloud.client("appconfig")
    ids = {
        name: cloud.client("ssm").get_parameter(
            Name=f"/{PRODUCT}/dev/orders/configuration-{name}-id"
        )["Parameter"]["Value"]
        for name in ("application", "environment", "settings-profile", "at-once-strategy")
    }
    version = appconfig.create_hosted_configuration_version(
        ApplicationId=ids["application"],
        ConfigurationProfileId=ids["settings-profile"],
        Content=json.dumps(settings).encode(),
        ContentType="application/json",
    )
    appconfig.start_deployment(
        ApplicationId=ids["application"],
        EnvironmentId=ids["environment"],
        DeploymentStrategyId=ids["at-once-strategy"],
        ConfigurationProfileId=ids["settings-profile"],
        ConfigurationVersion=str(version["VersionNumber"]),
    )
