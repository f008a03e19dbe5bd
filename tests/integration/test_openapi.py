"""Every example of the APIs' documents is sent, and every answer is as its document says."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.product import PRODUCT
from tests.support.contracts.openapi_contract import OpenApi, Operation
from tests.support.drivers.offline import Answer, Deployment, call, eventually
from tests.support.drivers.shipping_driver import ShippingDriver
from tools.base.partners_key import key_of_partners
from tools.local import tokens

NOBODYS = "00000000-0000-4000-8000-000000000000"
CUSTOMERS_APIS = ("orders", "order-views", "customers")
TRIES = 5
FOR_ANY_REFERENCE = {"registerPartnerCustomer", "forgetPartnerCustomer"}
"""A partner may register somebody under any reference, and have anybody forgotten."""


@dataclass
class Walk:
    """Somebody who knows nothing but the documents, and follows their links.

    ``known`` are parameters by name, as answers gave them; ``answers`` the last one by operation.
    """

    deployment: Deployment
    token: str | None
    key: str | None = None
    known: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    is_partner: bool = False

    def send(self, service: str, operation: Operation, **changes: Any) -> Answer:
        """Send the example; ``changes`` replace fields of its body. The answer is as declared."""
        body = operation.body["example"] | changes if operation.body else None
        answer = self.call(service, operation, body)
        self._follow(operation, answer)
        self.answers[operation.id] = answer
        return answer

    def call(
        self,
        service: str,
        operation: Operation,
        body: Any,
        changes: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a body, with other headers than the document says where ``changes`` has them."""
        values = {"Idempotency-Key": str(uuid.uuid4())} | self.known
        headers = {**operation.headers(values), **(changes or {})}
        if self.key:
            headers["x-api-key"] = self.key
        answer = call(
            operation.method,
            self.deployment.url(service, operation.target(values)),
            token=self.token,
            body=body,
            headers=headers,
        )
        assert OpenApi.of(service).faults(operation, answer) == [], (operation.id, answer.status)
        return answer

    def all_of(self, service: str) -> None:
        """Send each operation once, a version after the other: after those whose answers link to
        it, and DELETE at the end.
        """
        operations = [it for it in OpenApi.of(service).operations.values() if self.may(it)]
        linked = {
            parameter
            for it in operations
            for answer in it.responses.values()
            for link in answer.get("links", {}).values()
            for parameter in link["parameters"]
        }
        operations.sort(
            key=lambda it: (it.method == "DELETE", it.path.split("/")[1], bool(it.wants & linked))
        )
        for operation in operations:
            self.send(service, operation)

    def may(self, operation: Operation) -> bool:
        """Partners' operations are for partners, and others' are not."""
        return self.is_partner == any("partner" in str(it) for it in operation.security)

    def _follow(self, operation: Operation, answer: Answer) -> None:
        links = operation.responses[str(answer.status)].get("links", {})
        for link in links.values():
            for name, expression in link["parameters"].items():
                self.known[name] = _at(answer.json, expression.removeprefix("$response.body#/"))


def _at(document: Any, pointer: str) -> str:
    for step in pointer.split("/"):
        document = document[int(step) if isinstance(document, list) else step]
    return str(document)


def somebody(deployment: Deployment) -> Walk:
    return Walk(deployment, deployment.token(f"reader-{uuid.uuid4()}"))


def partner(deployment: Deployment) -> Walk:
    """A system that has registered nobody yet."""
    token = tokens.of_a_machine(deployment.outputs, deployment.cloud)
    key = key_of_partners(deployment.cloud)
    theirs = f"shopper-{uuid.uuid4()}"
    known = {"customer": theirs, "reference": theirs}
    return Walk(deployment, token, key, known, is_partner=True)


def who_may(deployment: Deployment, service: str) -> Iterator[tuple[Walk, Operation]]:
    """Each operation with somebody whom it lets in."""
    its = (
        [carrier(deployment, "tern-post")]
        if service == "shipping"
        else [somebody(deployment), partner(deployment)]
    )
    for operation in OpenApi.of(service).operations.values():
        yield next(it for it in its if it.may(operation)), operation


def succeeded(walk: Walk) -> Mapping[str, int]:
    return {name: it.status for name, it in walk.answers.items() if it.status < 400}


def test_examples_of_orders_are_answered_as_declared(deployment: Deployment) -> None:
    for _ in range(TRIES):  # fulfilment may be faster than the customer who cancels
        walk = somebody(deployment)
        walk.all_of("orders")
        if {walk.answers[it].status for it in ("cancelOrder", "cancelOrderV2")} == {202}:
            break
    assert succeeded(walk) == {
        "placeOrder": 202,
        "cancelOrder": 202,
        "readOrderHistory": 200,
        "placeOrderV2": 202,
        "cancelOrderV2": 202,
        "readOrderHistoryV2": 200,
    }


def test_examples_of_order_views_are_answered_as_declared(deployment: Deployment) -> None:
    walk = somebody(deployment)
    orders, views = OpenApi.of("orders"), OpenApi.of("order-views")
    walk.send("orders", orders.operations["placeOrder"])
    eventually(lambda: walk.send("order-views", views.operations["readOrder"]).status == 200)
    walk.all_of("order-views")
    assert succeeded(walk) == {
        "placeOrder": 202,
        "readOrder": 200,
        "listOrders": 200,
        "readOrderV2": 200,
        "listOrdersV2": 200,
    }
    assert walk.answers["listOrders"].json["orders"] == [walk.answers["readOrder"].json]


def test_examples_of_customers_are_answered_as_declared(deployment: Deployment) -> None:
    walk = somebody(deployment)
    register = OpenApi.of("customers").operations["registerCustomer"]
    assert walk.send("customers", register).status == 201
    assert walk.send("customers", register, name="Ada Quill").status == 200
    walk.all_of("customers")
    assert succeeded(walk) == {
        "registerCustomer": 200,
        "readCustomer": 200,
        "addAddress": 201,
        "replaceAddress": 200,
        "forgetCustomer": 204,
    }
    assert walk.send("customers", register).status == 410


def test_examples_of_partners_are_answered_as_declared(deployment: Deployment) -> None:
    walk = partner(deployment)
    theirs = walk.known["customer"]
    orders, views = OpenApi.of("orders"), OpenApi.of("order-views")
    place = orders.operations["placePartnerOrder"]
    assert walk.send("orders", place, customer=theirs).status == 404
    assert walk.send("order-views", views.operations["listPartnerOrders"]).status == 404
    register = OpenApi.of("customers").operations["registerPartnerCustomer"]
    assert walk.send("customers", register).status == 201
    placed = walk.send("orders", place, customer=theirs)
    walk.known["order_id"] = placed.json["order_id"]
    read = views.operations["readPartnerOrder"]
    eventually(lambda: walk.send("order-views", read).status == 200)
    walk.all_of("order-views")
    assert walk.answers["listPartnerOrders"].json["orders"][0]["order_id"] == walk.known["order_id"]
    walk.all_of("customers")
    assert walk.send("orders", place, customer=theirs).status == 404
    del walk.answers["placePartnerOrder"]
    assert succeeded(walk) == {
        "readPartnerOrder": 200,
        "listPartnerOrders": 200,
        "registerPartnerCustomer": 201,
        "readPartnerCustomer": 200,
        "addPartnerCustomerAddress": 201,
        "replacePartnerCustomerAddress": 200,
        "forgetPartnerCustomer": 204,
    }
    assert walk.send("customers", register).status == 410


def test_the_example_of_shipping_is_answered_as_declared(deployment: Deployment) -> None:
    _, booking = ShippingDriver.at(deployment).booked()
    walk = carrier(deployment, booking["carrier"])
    track = OpenApi.of("shipping").operations["trackShipment"]
    report = {
        "event_id": str(uuid.uuid4()),
        "tracking_number": booking["tracking_number"],
        "happened_at": datetime.now(UTC).isoformat(),
    }
    assert walk.send("shipping", track).status in (400, 404)
    assert walk.send("shipping", track, **report).status == 202
    assert walk.send("shipping", track, **report).status == 200
    assert walk.send("shipping", track, **report, status="lost").status == 409


def carrier(deployment: Deployment, name: str) -> Walk:
    gateway = deployment.cloud.client("apigateway")
    keys = {
        it["name"].removeprefix(f"{PRODUCT}-dev-shipping-"): it["value"]
        for it in gateway.get_api_keys(includeValues=True, limit=500)["items"]
    }
    return Walk(deployment, None, keys[name], {"carrier": name})


@pytest.mark.parametrize("service", CUSTOMERS_APIS)
def test_who_has_no_token_is_refused_as_declared(service: str, deployment: Deployment) -> None:
    for operation in OpenApi.of(service).operations.values():
        walk = Walk(deployment, None)
        body = operation.body["example"] if operation.body else None
        assert walk.call(service, operation, body).status == 401


@pytest.mark.parametrize("service", [*CUSTOMERS_APIS, "shipping"])
@pytest.mark.parametrize("body", [b"{", b"{}", b'{"unknown": 1}', b" " * 262_144], ids=len)
def test_a_wrong_body_is_refused_as_declared(
    service: str, body: bytes, deployment: Deployment
) -> None:
    for walk, operation in who_may(deployment, service):
        if operation.body:
            assert walk.call(service, operation, body).status in (400, 413)


@pytest.mark.parametrize("service", ["orders", "customers", "shipping"])
def test_a_body_of_another_type_is_refused_as_declared(
    service: str, deployment: Deployment
) -> None:
    for walk, operation in who_may(deployment, service):
        if operation.body:
            answer = walk.call(service, operation, b"{}", {"Content-Type": "text/plain"})
            assert answer.status == 415


@pytest.mark.parametrize("service", CUSTOMERS_APIS)
def test_what_nobody_has_is_refused_as_declared(service: str, deployment: Deployment) -> None:
    for walk, operation in who_may(deployment, service):
        if operation.wants and operation.id not in FOR_ANY_REFERENCE:
            walk.known = dict.fromkeys(operation.wants, NOBODYS)
            assert walk.send(service, operation).status == 404
