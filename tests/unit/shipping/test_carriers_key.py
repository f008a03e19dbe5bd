"""A carrier's key opens that carrier's door alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.runtime.environment import forget
from shipping.handlers import track_shipment


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SHIPMENTS_TABLE", "shipments")
    monkeypatch.setenv("TRACKING_TABLE", "tracking")
    monkeypatch.setenv("CARRIER_KEYS", json.dumps({"tern-post": "key-1", "heron-freight": "key-2"}))
    forget()
    track_shipment._keys.cache_clear()
    yield
    forget()
    track_shipment._keys.cache_clear()


def report(carrier: str, key_id: str, body: str = "{}") -> tuple[int, dict[str, Any]]:
    answer = track_shipment.handler(
        {
            "httpMethod": "POST",
            "path": f"/v1/carriers/{carrier}/tracking",
            "headers": {"x-api-key": "not read", "Content-Type": "application/json"},
            "pathParameters": {"carrier": carrier},
            "queryStringParameters": None,
            "requestContext": {"requestId": "r-1", "identity": {"apiKeyId": key_id}},
            "body": body,
            "isBase64Encoded": False,
        },
        None,
    )
    return answer["statusCode"], json.loads(answer["body"])


def test_another_carriers_key_is_forbidden() -> None:
    status, problem = report("tern-post", "key-2")
    assert (status, problem["type"].rsplit("/", 1)[1]) == (403, "forbidden")


def test_a_carrier_without_a_key_of_its_own_is_forbidden() -> None:
    assert report("aquila-express", "key-1")[0] == 403


def test_the_carriers_own_key_gets_as_far_as_the_body() -> None:
    status, problem = report("tern-post", "key-1")
    assert (status, problem["detail"]) == (400, "the body breaks the contract")


@pytest.mark.parametrize(
    "happened_at",
    [
        "9999-12-31T23:59:59+23:59",
        "1900-01-01T00:00:00Z",
        "2026-W49-2T09:30Z",
        "0001-01-01T00:00:00+14:00",
        "yesterday",
    ],
)
def test_a_report_of_a_time_that_cannot_be_is_refused(happened_at: str) -> None:
    body = {"event_id": "e-1", "tracking_number": "T1", "status": "delivered"}
    status, problem = report("tern-post", "key-1", json.dumps(body | {"happened_at": happened_at}))
    assert (status, problem["errors"][0]["pointer"]) == (400, "/happened_at")


def test_a_body_that_says_two_things_is_refused() -> None:
    body = '{"event_id": "e-1", "tracking_number": "T1", "status": "lost", "status": "delivered"}'
    status, problem = report("tern-post", "key-1", body.replace("}", ', "happened_at": "x"}'))
    assert (status, problem["detail"]) == (
        400,
        "the body is not JSON: an object has a name twice",
    )


def test_an_unknown_carrier_is_not_found() -> None:
    assert report("osprey-air", "key-1")[0] == 404
