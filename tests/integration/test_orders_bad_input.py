"""What bad input gets from the deployed API: a precise problem document, and never an event."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.product import PROBLEM_TYPES
from shared.runtime.payloads import MAX_EVENT_BYTES
from tests.support.drivers.offline import Answer, Deployment, call

ADDRESS = "9b2e7c1a-5d3f-4e8b-a6c4-2f1e0d9c8b7a"
LINE = {"sku": "MUG-BLUE", "quantity": 1}
SHIP_TO = {"address_id": ADDRESS, "country": "DE", "postcode_area": "10"}
ORDER: dict[str, Any] = {"lines": [LINE], "currency": "EUR", "ship_to": SHIP_TO}
CANCELLATION = {"reason": "other"}
NOBODYS = "00000000-0000-4000-8000-000000000000"


class Api:
    """The order APIs as `demo` calls them, and how many events there are."""

    def __init__(self, deployment: Deployment, token: str) -> None:
        self._deployment = deployment
        self._token = token

    def post(self, path: str, body: Any, *, user: str | None = None, **given: str | None) -> Answer:
        """With an idempotency key of its own unless ``key`` is given; None leaves it out."""
        key = given.get("key", str(uuid.uuid4()))
        return call(
            "POST",
            self._deployment.url("orders", path),
            token=self._deployment.token(user) if user else self._token,
            body=body,
            headers={"Idempotency-Key": key} if key is not None else {},
        )

    def get(self, service: str, path: str, user: str | None = None) -> Answer:
        token = self._deployment.token(user) if user else self._token
        return call("GET", self._deployment.url(service, path), token=token)

    def placed(self) -> str:
        answer = self.post("/v1/orders", ORDER)
        assert answer.status == 202, answer.body
        order_id: str = answer.json["order_id"]
        return order_id

    def cancelled(self) -> str:
        """An order that its customer called off before fulfilment was done with it."""
        for _attempt in range(5):
            order_id = self.placed()
            answer = self.post(f"/v1/orders/{order_id}/cancellation", CANCELLATION)
            if answer.status == 202:
                return order_id
        raise AssertionError(f"fulfilment was always faster: {answer.body!r}")

    @property
    def events(self) -> int:
        """How many events customers made; fulfilment goes on by itself meanwhile."""
        table = self._deployment.named("orders", "tables", "EventStore")
        by_customers = {":placed": {"S": "OrderPlaced"}, ":cancelled": {"S": "OrderCancelled"}}
        scan = self._deployment.cloud.client("dynamodb").get_paginator("scan")
        pages = scan.paginate(
            TableName=table,
            Select="COUNT",
            ConsistentRead=True,
            FilterExpression="#type IN (:placed, :cancelled)",
            ExpressionAttributeNames={"#type": "type"},
            ExpressionAttributeValues=by_customers,
        )
        return sum(page["Count"] for page in pages)


@pytest.fixture(scope="module")
def api(deployment: Deployment, demo_token: str) -> Api:
    return Api(deployment, demo_token)


@pytest.fixture
def no_event(api: Api) -> Iterator[None]:
    """Fails if anything was appended while the test ran."""
    before = api.events
    yield
    assert api.events == before


def order(**changes: Any) -> bytes:
    changed = ORDER | changes
    return json.dumps({name: it for name, it in changed.items() if it is not None}).encode()


def lines(*given: Any) -> bytes:
    return order(lines=list(given))


BAD_ORDERS: dict[str, tuple[bytes, int, str, str | None]] = {
    "no JSON": (b"{lines", 400, "invalid-request", None),
    "nothing": (b"", 400, "invalid-request", None),
    "no UTF-8": (b"\xff\xfe", 400, "invalid-request", None),
    "a missing field": (order(currency=None), 400, "invalid-request", ""),
    "an unknown field": (order(discount=100), 400, "invalid-request", ""),
    "a price of one's own": (lines({**LINE, "unit_price": 1}), 400, "invalid-request", "/lines/0"),
    "the wrong type": (
        lines({**LINE, "quantity": "two"}),
        400,
        "invalid-request",
        "/lines/0/quantity",
    ),
    "no lines": (lines(), 400, "invalid-request", "/lines"),
    "too many lines": (lines(*[LINE] * 101), 400, "invalid-request", "/lines"),
    "a negative quantity": (
        lines(LINE, {**LINE, "quantity": -1}),
        400,
        "invalid-request",
        "/lines/1/quantity",
    ),
    "a huge quantity": (
        lines({**LINE, "quantity": 10**30}),
        400,
        "invalid-request",
        "/lines/0/quantity",
    ),
    "an unknown SKU": (
        lines(LINE, {**LINE, "sku": "MUG-GREEN"}),
        422,
        "unknown-sku",
        "/lines/1/sku",
    ),
    "an unknown currency": (order(currency="CHF"), 422, "unknown-currency", "/currency"),
    "a body over the event limit": (
        order() + b" " * MAX_EVENT_BYTES,
        413,
        "too-large",
        None,
    ),
    "a street for an area": (
        order(ship_to={**SHIP_TO, "postcode_area": "Elm Street 3"}),
        400,
        "invalid-request",
        "/ship_to/postcode_area",
    ),
}


@pytest.mark.parametrize("wrong", BAD_ORDERS)
@pytest.mark.usefixtures("no_event")
def test_a_bad_order_is_told_what_is_wrong_and_where(wrong: str, api: Api) -> None:
    body, status, kind, pointer = BAD_ORDERS[wrong]
    problem = problem_of(api.post("/v1/orders", body), status, kind)
    assert problem.get("errors", [{}])[0].get("pointer") == pointer


@pytest.mark.parametrize(
    "gift", [{"wrapping": "gold"}, {"wrapping": "paper", "note_code": "For Jane"}, {}, "yes"]
)
@pytest.mark.usefixtures("no_event")
def test_a_gift_in_ones_own_words_is_refused(gift: Any, api: Api) -> None:
    problem = problem_of(api.post("/v2/orders", order(gift=gift)), 400, "invalid-request")
    assert problem["errors"][0]["pointer"].startswith("/gift")


def test_a_used_key_with_another_gift_is_refused_in_both_versions(api: Api) -> None:
    key, wrapped = str(uuid.uuid4()), order(gift={"wrapping": "paper"})
    first = api.post("/v1/orders", ORDER, key=key)
    assert api.post("/v2/orders", ORDER, key=key).json == first.json
    before = api.events
    problem_of(api.post("/v2/orders", wrapped, key=key), 422, "idempotency-key-reused")
    problem_of(api.post("/v1/orders", wrapped, key=key), 400, "invalid-request")
    assert api.events == before


@pytest.mark.usefixtures("no_event")
def test_an_order_without_an_idempotency_key_is_refused(api: Api) -> None:
    problem_of(api.post("/v1/orders", ORDER, key=None), 400, "idempotency-key-missing")
    problem_of(api.post("/v1/orders", ORDER, key="two words"), 400, "invalid-request")


def test_a_used_key_with_another_body_is_refused(api: Api) -> None:
    key = str(uuid.uuid4())
    api.post("/v1/orders", ORDER, key=key)
    before = api.events
    problem_of(
        api.post("/v1/orders", order(currency="GBP"), key=key), 422, "idempotency-key-reused"
    )
    assert api.events == before


@pytest.mark.parametrize("order_id", [NOBODYS, "1", ADDRESS.upper(), "..%2F..", "%00", "x" * 500])
@pytest.mark.usefixtures("no_event")
def test_an_unknown_id_and_one_of_a_foreign_shape_are_no_order(order_id: str, api: Api) -> None:
    for answer in (
        api.post(f"/v1/orders/{order_id}/cancellation", CANCELLATION),
        api.get("orders", f"/v1/orders/{order_id}/history"),
        api.get("order-views", f"/v1/orders/{order_id}"),
    ):
        assert answer.status == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json["status"] == 404


def test_a_foreign_customers_order_is_no_order(api: Api) -> None:
    order_id = api.placed()
    before = api.events
    cancellation = f"/v1/orders/{order_id}/cancellation"
    problem_of(api.post(cancellation, CANCELLATION, user="other"), 404, "order-not-found")
    for service, path in (("orders", "/history"), ("order-views", "")):
        answer = api.get(service, f"/v1/orders/{order_id}{path}", user="other")
        problem_of(answer, 404, "order-not-found")
    assert api.events == before


def test_a_finished_order_cannot_be_cancelled(api: Api) -> None:
    cancellation = f"/v1/orders/{api.cancelled()}/cancellation"
    before = api.events
    problem = problem_of(api.post(cancellation, CANCELLATION), 409, "order-not-open")
    assert problem["detail"].endswith("is cancelled")
    assert api.events == before


def test_a_cancellation_needs_a_known_reason(api: Api) -> None:
    order_id = api.placed()
    before = api.events
    answer = api.post(f"/v1/orders/{order_id}/cancellation", {"reason": "my own words"})
    problem = problem_of(answer, 400, "invalid-request")
    assert problem["errors"][0]["pointer"] == "/reason"
    assert api.events == before


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ("?at=yesterday", 400, "invalid-request"),
        ("?at=2026-12-01T09:30:00", 400, "invalid-request"),
        ("?at=", 400, "invalid-request"),
        ("?version=0", 400, "invalid-request"),
        ("?version=one", 400, "invalid-request"),
        ("?version=1&at=2026-12-01T09:30:00Z", 400, "invalid-request"),
        ("?at=2001-01-01T00:00:00Z", 404, "order-not-found"),
        ("?version=1000", 404, "order-not-found"),
    ],
)
def test_a_moment_that_is_none_or_has_no_order_is_refused(
    query: str, status: int, kind: str, api: Api, placed_order: str
) -> None:
    problem_of(api.get("orders", f"/v1/orders/{placed_order}/history{query}"), status, kind)


@pytest.fixture(scope="module")
def placed_order(api: Api) -> str:
    return api.placed()


@pytest.mark.parametrize(
    "query",
    [
        "?page_token=anything",
        f"?page_token={NOBODYS}",
        "?page_token=",
        "?limit=0",
        "?limit=101",
        "?limit=ten",
    ],
)
def test_a_forged_page_token_or_an_impossible_limit_is_refused(query: str, api: Api) -> None:
    problem_of(api.get("order-views", f"/v1/orders{query}"), 400, "invalid-request")


def test_a_page_token_made_of_somebody_elses_order_is_refused(api: Api, placed_order: str) -> None:
    answer = api.get("order-views", f"/v1/orders?page_token={placed_order}", user="other")
    problem_of(answer, 400, "invalid-request")


def problem_of(answer: Answer, status: int, kind: str) -> dict[str, Any]:
    """The problem document, after what holds for all of them was checked."""
    problem: dict[str, Any] = answer.json
    assert (answer.status, problem["status"]) == (status, status), problem
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == PROBLEM_TYPES + kind
    assert problem["title"]
    assert problem["detail"]
    assert problem["correlation_id"] == answer.headers["X-Correlation-Id"]
    return problem
