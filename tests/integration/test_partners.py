"""A partner's order as its system sees it: from a key to the confirmation, with its trace."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.containers import with_containers
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.partners_driver import order
from tests.support.examples.lattice import event
from tools.base.endpoint import ACCOUNT
from tools.emulator.mesh.system import PARTNERS, PATH, ROLES
from tools.emulator.partners.system import PartnersSystem
from tools.emulator.pricing.system import PricingSystem
from tools.emulator.trace_receiver import TraceReceiver
from tools.emulator.trace_receiver.edges import Edge
from tools.local import partner_story
from tools.local.partner_story import PartnersClient

pytestmark = with_containers


@pytest.fixture(scope="module")
def pricing(deployment: Deployment) -> Iterator[PricingSystem]:
    system = PricingSystem(deployment.emulator.workspace)
    system.start()
    try:
        eventually(lambda: system.envoy.traffic.healthy()["blue"])
        yield system
    finally:
        system.kill()


@pytest.fixture(scope="module")
def partners(deployment: Deployment, pricing: PricingSystem) -> Iterator[PartnersSystem]:
    assert pricing.envoy.is_running()
    system = PartnersSystem(deployment.emulator.workspace)
    system.start(deployment.outputs)
    try:
        yield system
    finally:
        system.kill()


def test_a_partners_order_goes_from_its_key_to_the_confirmation_with_its_trace(
    deployment: Deployment, partners: PartnersSystem
) -> None:
    assert partners.gateway.is_running()
    workspace = deployment.emulator.workspace
    followed = partner_story.follow(deployment.outputs, deployment.cloud, workspace)
    assert followed.order["status"] == "confirmed"
    assert followed.shelf == {"TEA-SENCHA": "plenty"}
    assert [it["type"] for it in followed.told] == list(partner_story.TOLD)
    assert [it.service for it in followed.spans if it.kind == "server"] == [
        "gateway",
        "partners",
        "pricing",
        "orders",
    ]
    known = {it.span_id for it in followed.spans}
    assert len({it.trace_id for it in followed.spans}) == 1
    assert not [it.name for it in followed.spans[1:] if it.parent_id not in known]


@pytest.fixture
def clients(deployment: Deployment, partners: PartnersSystem) -> dict[str, PartnersClient]:
    """Partners' systems by their names; both have a customer whom they call `own`."""
    keys = partners.keys(deployment.cloud)
    found = {it: PartnersClient(partners.gateway.url, key) for it, key in keys.items()}
    person = {"name": "A Shopper", "email": "shopper@example.com"}
    for client in found.values():
        assert client.call("PUT", "/v1/partner-customers/own", person)[0] in (200, 201)
    return found


def test_pricings_quote_is_what_the_order_costs_and_a_repetition_costs_the_same(
    clients: dict[str, PartnersClient], pricing: PricingSystem
) -> None:
    wish = order(customer="own", lines=[{"sku": "MUG-RED", "quantity": 1}])

    def place(reference: str) -> int:
        body = {**wish, "reference": reference}
        status, placed, _ = clients["tailspin"].call("POST", "/v1/partner-orders", body)
        assert status == 202, placed
        return int(placed["total"])

    def quoted(reference: str) -> str:
        """The reference, once its order costs what pricing says; else nothing."""
        return reference if place(reference) == 1111 else ""

    pricing.configuration.deploy(settings={"prices": {"MUG-RED": {"EUR": 1111}}})
    try:
        first = eventually(lambda: quoted(f"trial-{time.monotonic_ns()}"))
    finally:
        pricing.configuration.deploy(settings={})
    eventually(lambda: place(f"later-{time.monotonic_ns()}") == 1290)
    assert place(first) == 1111, "the first price counts, whatever a newer quote says"


def test_a_partner_sees_its_own_customers_orders_alone(clients: dict[str, PartnersClient]) -> None:
    mine, theirs = clients["tailspin"], clients["northwind"]
    customer = f"own-{time.monotonic_ns()}"
    person = {"name": "A Shopper", "email": "shopper@example.com"}
    assert mine.call("PUT", f"/v1/partner-customers/{customer}", person)[0] == 201
    wish = order(customer=customer)
    status, placed, headers = mine.call("POST", "/v1/partner-orders", wish)
    assert status == 202, placed
    where = headers["location"]
    eventually(lambda: mine.call("GET", where)[0] == 200)
    assert theirs.call("GET", where)[0] == 404
    _, listed, _ = mine.call("GET", f"/v1/partner-orders?customer={customer}")
    assert [it["order_id"] for it in listed["orders"]] == [placed["order_id"]]
    status, refused, _ = theirs.call("POST", "/v1/partner-orders", wish)
    assert (status, refused["type"].rpartition("/")[2]) == (404, "customer-not-found")
    assert mine.call("DELETE", f"/v1/partner-customers/{customer}")[0] == 204
    again = {**wish, "reference": "after-it-was-forgotten"}
    assert mine.call("POST", "/v1/partner-orders", again)[0] == 404


ASKED = "/v1/partner-availability?skus=TABLE-OAK,NOBODYS"


def said(client: PartnersClient, path: str = ASKED) -> dict[str, str]:
    """What is on the shelf, by SKU."""
    status, document, _ = client.call("GET", path)
    assert status == 200, document
    return {it["sku"]: it["availability"] for it in document["items"]}


def test_a_partner_learns_through_the_mesh_what_the_deployed_function_reads(
    deployment: Deployment, clients: dict[str, PartnersClient], partners: PartnersSystem
) -> None:
    # A function that starts may take longer than partners waits.
    known = {"TABLE-OAK": "plenty", "NOBODYS": "none"}
    eventually(lambda: said(clients["northwind"]) == known)
    own = f"NEW-{time.monotonic_ns()}"
    delivered = {"deliveries": [{"delivery_id": own, "sku": own, "quantity": 2}]}
    restock = deployment.named("inventory", "functions", "Restock")
    deployment.cloud.client("lambda").invoke(
        FunctionName=restock, Payload=json.dumps(delivered).encode()
    )
    asked = f"/v1/partner-availability?skus={own}"
    eventually(lambda: said(clients["tailspin"], asked) == {own: "few"})
    assert partners.mesh.gate.is_running()
    arrow = Edge("partners", "inventory", "call", f"GET {PATH}")
    receiver = TraceReceiver(deployment.emulator.workspace)
    eventually(lambda: arrow in [it.edge for it in receiver.edges()])


def test_without_the_function_nothing_is_known_and_orders_go_on(
    clients: dict[str, PartnersClient], partners: PartnersSystem, deployment: Deployment
) -> None:
    client = clients["northwind"]
    partners.mesh.relay.stop()
    try:
        eventually(lambda: not partners.mesh.relay.is_running())
        assert said(client) == {"TABLE-OAK": "unknown", "NOBODYS": "unknown"}
        assert client.call("POST", "/v1/partner-orders", order(customer="own"))[0] == 202
    finally:
        partners.start(deployment.outputs)
    eventually(lambda: said(client)["TABLE-OAK"] == "plenty")


def test_the_deployed_function_answers_nobody_but_partners(deployment: Deployment) -> None:
    client = deployment.cloud.client("lambda")
    name = deployment.named("inventory", "functions", "Availability")

    def status(role: str, **other: Any) -> int:
        principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/session"
        asked = event(PATH, {"skus": "TABLE-OAK"}, principal=principal, **other)
        found = client.invoke(FunctionName=name, Payload=json.dumps(asked).encode())
        return int(json.loads(found["Payload"].read())["statusCode"])

    assert status(ROLES[PARTNERS]) == 200
    assert status(ROLES[PARTNERS].replace("partners", "orders")) == 403
    assert status(ROLES[PARTNERS], type="NONE") == 403
    assert status(ROLES[PARTNERS], method="POST") == 405
