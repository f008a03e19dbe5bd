"""Partners' queries: orders of customers whom they have registered, and of nobody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from customers_language.partners import CustomersSilent, NotTheirCustomer
from order_views.handlers import partner_orders, read_model
from tests.support.examples.order_views import CUSTOMER, SOMEBODY_ELSE, a_view, order_id
from tests.support.fakes.in_memory_order_views import InMemoryOrderViews

PARTNER, REFERENCE = "partner-one", "shopper-4711"


class Customers:
    """One partner has one customer, while anybody answers."""

    is_silent = False

    def find(self, partner_id: str, reference: str) -> str:
        if self.is_silent:
            raise CustomersSilent
        if (partner_id, reference) != (PARTNER, REFERENCE):
            raise NotTheirCustomer(reference)
        return CUSTOMER


@pytest.fixture(autouse=True)
def customers(monkeypatch: pytest.MonkeyPatch) -> Customers:
    known = Customers()
    kept = InMemoryOrderViews([a_view(1), a_view(2), a_view(40, customer_id=SOMEBODY_ELSE)])
    monkeypatch.setattr(read_model, "views", lambda: kept)
    monkeypatch.setattr(partner_orders, "_customers", lambda: known)
    return known


def get(its_id: str | None = None, partner: str = PARTNER, **query: str) -> tuple[int, Any]:
    event = {
        "httpMethod": "GET",
        "path": "/v1/partner-orders",
        "headers": {},
        "pathParameters": {"order_id": its_id} if its_id is not None else None,
        "queryStringParameters": query or None,
        "requestContext": {"requestId": "r", "authorizer": {"claims": {"sub": partner}}},
        "body": None,
    }
    answer = partner_orders.handler(event, None)
    return answer["statusCode"], json.loads(answer["body"])


def test_an_order_and_the_list_are_shown_to_the_customers_partner() -> None:
    status, order = get(order_id(1), customer=REFERENCE)
    assert (status, order["order_id"]) == (200, order_id(1))
    status, page = get(customer=REFERENCE)
    assert status == 200
    assert {it["order_id"] for it in page["orders"]} == {order_id(1), order_id(2)}


@pytest.mark.parametrize("its_id", [None, order_id(1)])
def test_another_partner_finds_nobody(its_id: str | None) -> None:
    status, problem = get(its_id, "partner-two", customer=REFERENCE)
    assert (status, problem["type"].split("/")[-1]) == (404, "customer-not-found")


def test_an_order_of_another_customer_is_not_found() -> None:
    status, problem = get(order_id(40), customer=REFERENCE)
    assert (status, problem["type"].split("/")[-1]) == (404, "order-not-found")


@pytest.mark.parametrize(
    "query", [{}, {"customer": ""}, {"customer": "a b"}, {"customer": "x" * 65}]
)
def test_without_a_customer_the_question_is_refused(query: dict[str, str]) -> None:
    assert get(order_id(1), **query)[0] == 400
    assert get(**query)[0] == 400


def test_bounds_and_page_tokens_are_as_for_customers() -> None:
    assert get(customer=REFERENCE, limit="101")[0] == 400
    assert get(customer=REFERENCE, page_token=order_id(40))[0] == 400


def test_while_customers_is_silent_the_partner_may_come_again(customers: Customers) -> None:
    customers.is_silent = True
    assert get(customer=REFERENCE)[0] == 503
