"""POST /v1/orders as API Gateway calls it: what a good request gets, and what it costs."""

import json
import uuid
from typing import Any

import pytest

from orders.handlers import place_order
from tests.support.examples.orders import BODY, CUSTOMER, SOMEBODY_ELSE
from tests.support.fakes.dynamodb_wire import DynamoDbWire
from tests.unit.orders.conftest import api_event


def post(body: Any = BODY, **given: Any) -> dict[str, Any]:
    return place_order.handler(api_event(json.dumps(body), **given), None)


def test_an_accepted_order_says_what_it_costs_and_where_to_read_it(
    event_store: DynamoDbWire,
) -> None:
    answer = post()
    body = json.loads(answer["body"])
    assert answer["statusCode"] == 202
    assert {k: body[k] for k in ("version", "status", "currency", "total")} == {
        "version": 1,
        "status": "placed",
        "currency": "EUR",
        "total": 3470,
    }
    assert answer["headers"]["Location"] == f"/v1/orders/{body['order_id']}?min_version=1"


def test_placing_an_order_is_one_call_to_aws(event_store: DynamoDbWire) -> None:
    post()
    assert event_store.calls == ["PutItem"]


def test_repeating_an_order_is_one_call_too(event_store: DynamoDbWire) -> None:
    first = post()
    event_store.calls.clear()
    assert json.loads(post()["body"]) == json.loads(first["body"])
    assert event_store.calls == ["PutItem"]
    assert len(event_store.items) == 1


def test_an_order_whose_answer_was_lost_is_placed_once_and_accepted(
    event_store: DynamoDbWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    event_store.lost_answers = 1
    assert post()["statusCode"] == 202
    assert event_store.calls == ["PutItem", "PutItem"]
    assert len(event_store.items) == 1


def test_the_same_wish_written_differently_is_the_same_request(event_store: DynamoDbWire) -> None:
    reordered = {name: BODY[name] for name in reversed(BODY)}
    assert json.loads(post()["body"]) == json.loads(post(reordered)["body"])


def test_the_same_key_with_another_body_is_refused(event_store: DynamoDbWire) -> None:
    post()
    answer = post({**BODY, "currency": "GBP"})
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["type"].split("/")[-1]) == (422, "idempotency-key-reused")
    assert len(event_store.items) == 1


def test_another_customers_same_key_is_another_order(event_store: DynamoDbWire) -> None:
    mine, theirs = post(), post(customer_id=SOMEBODY_ELSE)
    assert json.loads(mine["body"])["order_id"] != json.loads(theirs["body"])["order_id"]
    assert len(event_store.items) == 2


def test_prices_come_from_the_list_and_never_from_the_client(event_store: DynamoDbWire) -> None:
    cheap = {**BODY, "lines": [{"sku": "MUG-BLUE", "quantity": 1, "unit_price": 1}]}
    answer = post(cheap)
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["errors"][0]["pointer"] == "/lines/0"
    assert not event_store.items


def test_the_journey_that_the_caller_names_is_kept_with_the_event(
    event_store: DynamoDbWire,
) -> None:
    journey = str(uuid.uuid4())
    answer = post(headers={"X-Correlation-Id": journey})
    (item,) = event_store.items.values()
    assert item["correlation_id"]["S"] == journey
    assert answer["headers"]["X-Correlation-Id"] == journey


def test_a_callers_key_is_kept_only_as_a_digest(event_store: DynamoDbWire) -> None:
    post(key="jane.doe@example.com")
    assert "jane" not in json.dumps(list(event_store.items.values()))


def test_nothing_of_the_request_is_logged_but_ids(
    event_store: DynamoDbWire, capsys: pytest.CaptureFixture[str]
) -> None:
    post(key="jane.doe@example.com")
    placed, answered = map(json.loads, capsys.readouterr().out.splitlines())
    always = {"timestamp", "level", "message", "correlation_id", "trace_id"}
    assert set(placed) == always | {"order_id"}
    assert set(answered) == always | {"method", "route", "status"}
    assert CUSTOMER not in json.dumps([placed, answered])


def test_an_event_store_that_is_down_is_a_problem_on_our_side(
    event_store: DynamoDbWire,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr(event_store, "_put_item", lambda _asked: (500, {"__type": "x#Broken"}))
    answer = post()
    assert answer["statusCode"] == 500
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert json.loads(answer["body"])["type"].endswith("/internal-error")
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert logged[0]["code"] == "Broken"
    assert logged[1]["UnhandledErrors"] == 1
