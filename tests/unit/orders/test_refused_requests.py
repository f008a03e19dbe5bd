"""Each way to ask wrongly for an order gets its own problem document, and no event."""

import json
from typing import Any

import pytest

from orders.handlers import cancel_order, order_history, place_order
from shared.runtime.payloads import MAX_EVENT_BYTES
from tests.support.examples.orders import BODY, SOMEBODY_ELSE
from tests.support.fakes.dynamodb_wire import DynamoDbWire
from tests.unit.orders.conftest import api_event

LINE = {"sku": "MUG-BLUE", "quantity": 1}
SHIP_TO: dict[str, str] = BODY["ship_to"]


def body(**changes: Any) -> str:
    changed = BODY | changes
    return json.dumps({name: value for name, value in changed.items() if value is not None})


def lines(*given: Any) -> str:
    return body(lines=list(given))


BAD_BODIES = {
    "nothing at all": (None, 400, None),
    "not JSON": ("{lines", 400, None),
    "two documents": (body() + body(), 400, None),
    "NaN": (lines({"sku": "MUG-BLUE", "quantity": float("nan")}), 400, None),
    "a list": ("[]", 400, ""),
    "null": ("null", 400, ""),
    "a missing field": (body(currency=None), 400, ""),
    "an unknown field": (body(discount=100), 400, ""),
    "a price of the client's": (lines({**LINE, "unit_price": 1}), 400, "/lines/0"),
    "a quantity in words": (lines(LINE, {**LINE, "quantity": "two"}), 400, "/lines/1/quantity"),
    "half a mug": (lines({**LINE, "quantity": 0.5}), 400, "/lines/0/quantity"),
    "a true quantity": (lines({**LINE, "quantity": True}), 400, "/lines/0/quantity"),
    "no lines": (lines(), 400, "/lines"),
    "too many lines": (lines(*[LINE] * 101), 400, "/lines"),
    "a negative quantity": (lines({**LINE, "quantity": -1}), 400, "/lines/0/quantity"),
    "quantity zero": (lines({**LINE, "quantity": 0}), 400, "/lines/0/quantity"),
    "a thousand mugs": (lines({**LINE, "quantity": 1000}), 400, "/lines/0/quantity"),
    "a quantity beyond 64 bits": (lines({**LINE, "quantity": 10**400}), 400, "/lines/0/quantity"),
    "a long SKU": (lines({**LINE, "sku": "M" * 41}), 400, "/lines/0/sku"),
    "a currency of four letters": (body(currency="EURO"), 400, "/currency"),
    "a country by name": (body(ship_to=SHIP_TO | {"country": "Germany"}), 400, "/ship_to/country"),
    "a street": (
        body(ship_to=SHIP_TO | {"postcode_area": "Elm Street 3"}),
        400,
        "/ship_to/postcode_area",
    ),
    "a country with a line break": (
        body(ship_to=SHIP_TO | {"country": "DE\n"}),
        400,
        "/ship_to/country",
    ),
    "an address that is not an id": (
        body(ship_to=SHIP_TO | {"address_id": "home"}),
        400,
        "/ship_to/address_id",
    ),
    "an address id with a line break": (
        body(ship_to=SHIP_TO | {"address_id": f"{SHIP_TO['address_id']}\n"}),
        400,
        "/ship_to/address_id",
    ),
    "an unknown SKU": (lines(LINE, {**LINE, "sku": "MUG-GREEN"}), 422, "/lines/1/sku"),
    "an unknown currency": (body(currency="CHF"), 422, "/currency"),
    "a body over the limit": (body() + " " * MAX_EVENT_BYTES, 413, None),
}


@pytest.mark.parametrize("wrong", BAD_BODIES)
def test_a_bad_body_gets_a_precise_problem_and_no_event(
    wrong: str, event_store: DynamoDbWire
) -> None:
    text, status, pointer = BAD_BODIES[wrong]
    problem = refused(place_order.handler(api_event(text), None), status)
    assert problem.get("errors", [{}])[0].get("pointer") == pointer
    assert not event_store.items


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (None, "idempotency-key-missing"),
        ("", "invalid-request"),
        ("two words", "invalid-request"),
        ("k" * 256, "invalid-request"),
        ("schlüssel", "invalid-request"),
        ("key\n", "invalid-request"),
    ],
)
def test_a_request_without_a_usable_idempotency_key_is_refused(
    key: str | None, kind: str, event_store: DynamoDbWire
) -> None:
    event = api_event(body(), key=None, headers={} if key is None else {"Idempotency-Key": key})
    assert refused(place_order.handler(event, None), 400)["type"].endswith(f"/{kind}")
    assert not event_store.items


FOREIGN_IDS = [
    "1",
    "../../etc/passwd",
    "9B2E7C1A-5D3F-4E8B-A6C4-2F1E0D9C8B7A",
    "x" * 5000,
    "\ud800",
]


@pytest.mark.parametrize("order_id", FOREIGN_IDS)
def test_an_id_of_a_foreign_shape_is_an_order_that_does_not_exist(
    order_id: str, event_store: DynamoDbWire
) -> None:
    event = api_event('{"reason": "other"}', order_id=order_id)
    for handler in (cancel_order.handler, order_history.handler):
        assert refused(handler(event, None), 404)["type"].endswith("/order-not-found")
    assert not event_store.calls


def placed(event_store: DynamoDbWire) -> str:
    answer = place_order.handler(api_event(body()), None)
    order_id: str = json.loads(answer["body"])["order_id"]
    return order_id


def test_somebody_elses_order_reads_like_one_that_does_not_exist(event_store: DynamoDbWire) -> None:
    theirs, nobodys = placed(event_store), "00000000-0000-4000-8000-000000000000"
    for handler in (cancel_order.handler, order_history.handler):
        answers = [
            refused(
                handler(
                    api_event('{"reason": "other"}', order_id=order_id, customer_id=SOMEBODY_ELSE),
                    None,
                ),
                404,
            )
            for order_id in (theirs, nobodys)
        ]
        assert answers[0]["detail"].replace(theirs, nobodys) == answers[1]["detail"]
        assert {name: answers[0][name] for name in ("type", "title")} == {
            name: answers[1][name] for name in ("type", "title")
        }
    assert len(event_store.items) == 1


def test_a_finished_order_cannot_be_cancelled_again(event_store: DynamoDbWire) -> None:
    order_id = placed(event_store)

    def cancel(key: str) -> dict[str, Any]:
        event = api_event('{"reason": "other"}', order_id=order_id, key=key)
        return cancel_order.handler(event, None)

    assert cancel("c-1")["statusCode"] == 202
    problem = refused(cancel("c-2"), 409)
    assert problem["type"].endswith("/order-not-open")
    assert "cancelled" in problem["detail"]
    assert len(event_store.items) == 2


@pytest.mark.parametrize("reason", ["because", None, 1, ["other"]])
def test_a_cancellation_gives_one_of_the_known_reasons(
    reason: Any, event_store: DynamoDbWire
) -> None:
    order_id = placed(event_store)
    event = api_event(json.dumps({"reason": reason}), order_id=order_id)
    problem = refused(cancel_order.handler(event, None), 400)
    assert problem["errors"][0]["pointer"] == "/reason"
    assert len(event_store.items) == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"at": "yesterday"}, 400),
        ({"at": "2026-12-01T09:30:00"}, 400),
        ({"at": "0001-01-01T00:00:00+14:00"}, 400),
        ({"at": "2026-12-01"}, 400),
        ({"at": ""}, 400),
        ({"version": "0"}, 400),
        ({"version": "-1"}, 400),
        ({"version": "1.0"}, 400),
        ({"version": "1e3"}, 400),
        ({"version": "٣"}, 400),
        ({"version": "9" * 5000}, 400),
        ({"version": "1", "at": "2026-12-01T09:30:00Z"}, 400),
        ({"at": "2001-01-01T00:00:00Z"}, 404),
        ({"version": "2"}, 404),
    ],
)
def test_a_moment_that_is_none_or_not_yet_is_refused(
    query: dict[str, str], status: int, event_store: DynamoDbWire
) -> None:
    event = api_event(order_id=placed(event_store), query=query)
    refused(order_history.handler(event, None), status)


def refused(answer: dict[str, Any], status: int) -> dict[str, Any]:
    """The problem document of an answer, after what holds for all of them was checked."""
    problem: dict[str, Any] = json.loads(answer["body"])
    assert answer["statusCode"] == status, problem
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["correlation_id"] == answer["headers"]["X-Correlation-Id"]
    return problem
