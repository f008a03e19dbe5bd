"""Partners' usage plan: what one uses up is refused to whoever has that key, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from contracts.product import PROBLEM_TYPES, PRODUCT
from tests.support.drivers.offline import Answer, Deployment, call, eventually
from tools.base.partners_key import key_of_partners
from tools.local import tokens

THROTTLED = {"/throttle/rateLimit": "0.01", "/throttle/burstLimit": "1"}
USED_UP = {"/quota/limit": "1"}
"""Much less than the plan has, by the paths by which API Gateway knows its limits."""


@contextmanager
def limited(deployment: Deployment, limits: Mapping[str, str]) -> Iterator[None]:
    """Partners may ask order views for less, and afterwards for as much as before."""
    gateway = deployment.cloud.client("apigateway")
    plans = gateway.get_usage_plans(limit=500)["items"]
    (plan,) = [it for it in plans if it["name"] == f"{PRODUCT}-dev-order-views-partners"]

    def change(to: Mapping[str, str]) -> None:
        operations = [{"op": "replace", "path": path, "value": it} for path, it in to.items()]
        gateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=operations)

    before = {}
    for path in limits:
        _, kind, name = path.split("/")
        before[path] = str(plan[kind][name])
    change(limits)
    try:
        yield
    finally:
        change(before)


@pytest.mark.parametrize(
    ("limits", "kind"), [(THROTTLED, "throttled"), (USED_UP, "quota-exceeded")]
)
def test_who_uses_its_plan_up_is_refused_alone(
    limits: Mapping[str, str], kind: str, deployment: Deployment
) -> None:
    known = {
        "Authorization": f"Bearer {tokens.of_a_machine(deployment.outputs, deployment.cloud)}",
        "x-api-key": key_of_partners(deployment.cloud),
    }
    url = deployment.url("order-views", "/v1/partner-orders?customer=nobody-of-ours")

    def asked() -> Answer:
        return call("GET", url, headers=known)

    def until_refused() -> Answer:
        answer = asked()
        assert answer.status == 429, answer.status
        return answer

    assert asked().status == 404, "no such customer: the function answers"
    with limited(deployment, limits):
        refused = eventually(until_refused)
        assert refused.json["type"] == PROBLEM_TYPES + kind
        assert refused.headers["Retry-After"]
        orders = deployment.url("order-views", "/v1/orders")
        assert call("GET", orders, token=deployment.token()).status == 200
    eventually(lambda: asked().status == 404)
