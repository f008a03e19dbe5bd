"""POST /v1/partner-orders: for customers whom the partner has registered, and for nobody else."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from customers_language.partners import CustomersSilent, NotTheirCustomer, PartnersCustomers
from orders.commands import order_id_for
from orders.handlers import place_partner_order
from tests.support.examples.orders import BODY, CUSTOMER
from tests.support.fakes.dynamodb_wire import DynamoDbWire
from tests.unit.orders.conftest import api_event

PARTNER, REFERENCE = "partner-one", "shopper-4711"
THEIRS: dict[str, Any] = {**BODY, "customer": REFERENCE}


class Customers:
    """The function of customers: it knows one customer of one partner."""

    def __init__(self, **answer: Any) -> None:
        self._answer = answer

    def invoke(self, **request: Any) -> dict[str, Any]:
        asked = json.loads(request["Payload"])
        knows = asked == {"partner_id": PARTNER, "reference": REFERENCE}
        said = json.dumps(CUSTOMER if knows else None).encode()
        return {"Payload": io.BytesIO(said), **self._answer}


@pytest.fixture(autouse=True)
def customers(monkeypatch: pytest.MonkeyPatch) -> None:
    known = PartnersCustomers(Customers(), "arn")
    monkeypatch.setattr(place_partner_order, "_customers", lambda: known)


def post(body: Any = THEIRS, partner: str = PARTNER, **given: Any) -> tuple[int, Any, Any]:
    event = api_event(json.dumps(body), customer_id=partner, **given)
    answer = place_partner_order.handler(event, None)
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def test_the_order_is_the_customers_and_its_id_the_partners(event_store: DynamoDbWire) -> None:
    status, order, headers = post()
    assert status == 202
    assert order["order_id"] == order_id_for(PARTNER, "key-1")
    assert headers["Location"] == (
        f"/v1/partner-orders/{order['order_id']}?customer={REFERENCE}&min_version=1"
    )
    (item,) = event_store.items.values()
    assert json.loads(item["data"]["S"])["customer_id"] == CUSTOMER
    assert REFERENCE not in str(item)
    assert event_store.calls == ["PutItem"]


def test_a_repetition_is_answered_alike_and_orders_nothing(event_store: DynamoDbWire) -> None:
    assert post()[1] == post()[1]
    assert len(event_store.items) == 1


def test_the_same_key_for_another_wish_is_refused(event_store: DynamoDbWire) -> None:
    post()
    status, problem, _ = post({**THEIRS, "currency": "GBP"})
    assert (status, problem["type"].split("/")[-1]) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("body", "partner"), [(THEIRS, "partner-two"), ({**THEIRS, "customer": "nobody"}, PARTNER)]
)
def test_anybody_elses_customer_is_not_found(
    event_store: DynamoDbWire, body: Any, partner: str
) -> None:
    status, problem, _ = post(body, partner)
    assert (status, problem["type"].split("/")[-1]) == (404, "customer-not-found")
    assert not event_store.items


@pytest.mark.parametrize("customer", ["", "a b", "x" * 65, "a/b", 4711, None])
def test_what_is_no_reference_breaks_the_contract(event_store: DynamoDbWire, customer: Any) -> None:
    status, problem, _ = post({**THEIRS, "customer": customer})
    assert (status, problem["errors"][0]["pointer"]) == (400, "/customer")


def test_without_customers_nothing_is_ordered_and_the_partner_may_come_again(
    event_store: DynamoDbWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = PartnersCustomers(Customers(FunctionError="Unhandled"), "arn")
    monkeypatch.setattr(place_partner_order, "_customers", lambda: silent)
    status, problem, headers = post()
    assert (status, problem["type"].split("/")[-1]) == (503, "customers-silent")
    assert headers["Retry-After"]
    assert not event_store.items


def _raises(error: Exception) -> Callable[..., Any]:
    def invoke(**_asked: Any) -> Any:
        raise error

    return invoke


@pytest.mark.parametrize(
    "answer",
    [
        lambda **_: {"Payload": io.BytesIO(b'{"errorMessage": "Ada"}')},
        lambda **_: {"Payload": io.BytesIO(b"")},
        lambda **_: {"Payload": io.BytesIO(b'"x"'), "FunctionError": "Unhandled"},
        _raises(ReadTimeoutError(endpoint_url="http://customers")),
        _raises(ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")),
    ],
)
def test_whatever_goes_wrong_is_silence(answer: Callable[..., Any]) -> None:
    client = type("Client", (), {"invoke": staticmethod(answer)})()
    with pytest.raises(CustomersSilent) as silent:
        PartnersCustomers(client, "arn").find(PARTNER, REFERENCE)
    assert "Ada" not in str(silent.value)


def test_nobody_is_said_by_name() -> None:
    with pytest.raises(NotTheirCustomer):
        PartnersCustomers(Customers(), "arn").find(PARTNER, "nobody")
