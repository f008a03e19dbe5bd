"""What the gateway itself refuses reads like every other problem."""

from __future__ import annotations

import http.client
from contextlib import closing
from urllib.parse import urlsplit

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
    [("GET", "/v1/nothing"), ("GET", "/nothing"), ("GET", "/v3/orders")],
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


@pytest.mark.parametrize("body", [None, {}], ids=["no body", "a body"])
@pytest.mark.parametrize(
    ("service", "method", "path", "allowed"),
    [
        ("orders", "PUT", "/v1/orders", "OPTIONS, POST"),
        ("order-views", "DELETE", "/v1/orders", "GET, HEAD, OPTIONS"),
        ("customers", "PATCH", "/v1/customers/me", "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("console", "POST", "/v1/pulse", "GET, HEAD, OPTIONS"),
        ("shipping", "GET", "/v1/carriers/tern-post/tracking", "OPTIONS, POST"),
    ],
)
def test_a_method_that_there_is_not_is_answered_with_those_that_there_are(
    service: str, method: str, path: str, allowed: str, body: object, deployment: Deployment
) -> None:
    answer = call(method, deployment.url(service, path), body=body)
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Strict-Transport-Security"]
    assert answer.json["type"] == PROBLEM_TYPES + "method-not-allowed"
    asked = call("OPTIONS", deployment.url(service, path))
    assert (asked.status, asked.headers["Allow"], asked.body) == (204, allowed, b"")


def test_a_preflight_leaves_nothing_for_the_next_answer(deployment: Deployment) -> None:
    """Browsers keep their connection: what follows an answer without a body is the next answer."""
    parts = urlsplit(deployment.url("orders", "/v1/orders"))
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    with closing(connection):
        for method, status in (("OPTIONS", 204), ("PUT", 405)) * 3:
            connection.request(method, parts.path)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status


def test_head_says_what_get_says_without_a_body(deployment: Deployment, demo_token: str) -> None:
    url = deployment.url("order-views", "/v1/orders")
    assert call("HEAD", url).status == 401
    answer = call("HEAD", url, token=demo_token)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": ""},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip, identity"},
    ],
)
def test_a_body_that_is_no_plain_json_is_refused_for_its_type(
    headers: dict[str, str], deployment: Deployment, demo_token: str
) -> None:
    answer = call(
        "POST",
        deployment.url("orders", "/v1/orders"),
        token=demo_token,
        body={"lines": []},
        headers={"Idempotency-Key": "k", **headers},
    )
    assert (answer.status, answer.json["type"]) == (415, PROBLEM_TYPES + "unsupported-media-type")
    assert answer.headers["Accept"] or answer.headers["Accept-Encoding"] == "identity"
