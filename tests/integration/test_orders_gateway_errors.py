"""What the gateway itself refuses reads like every other problem."""

from __future__ import annotations

import pytest

from contracts.product import PROBLEM_TYPES
from tests.support.drivers.offline import Deployment, call


@pytest.mark.parametrize("service", ["orders", "order-views"])
@pytest.mark.parametrize("token", [None, "", "not-a-token", "eyJhbGciOiJub25lIn0.e30."])
def test_without_a_valid_token_nothing_is_answered(
    service: str, token: str | None, deployment: Deployment
) -> None:
    method = "POST" if service == "orders" else "GET"
    answer = call(method, deployment.url(service, "/v1/orders"), token=token)
    assert answer.status == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == 401
    assert answer.json["type"] == PROBLEM_TYPES + "unauthorized"


def test_a_token_that_was_tampered_with_is_none(deployment: Deployment, demo_token: str) -> None:
    header, claims, signature = demo_token.split(".")
    forged = ".".join([header, claims, signature[::-1]])
    answer = call("GET", deployment.url("order-views", "/v1/orders"), token=forged)
    assert answer.status == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/nothing"), ("GET", "/nothing"), ("PUT", "/v1/orders"), ("GET", "/v2/orders")],
)
def test_what_there_is_not_is_a_problem_document_too(
    method: str, path: str, deployment: Deployment, demo_token: str
) -> None:
    answer = call(method, deployment.url("orders", path), token=demo_token)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["type"] == PROBLEM_TYPES + "no-such-resource"
    assert answer.json["title"] == "There is no such resource"
    assert answer.json["detail"] == "this API has no resource with this method and path"
    assert answer.json["correlation_id"]
