"""Pricing as callers see it: gRPC and REST through Envoy, and an order placed with the quote."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from contracts.product import PRODUCT
from stacks.constructs.envoy_filters import TRUST_DOMAIN
from tests.support.containers import with_containers
from tests.support.drivers.offline import Deployment, call, eventually
from tests.support.drivers.pricing_driver import IDENTITY, Pricing, quote_request
from tests.support.drivers.quote_driver import SHIP_TO
from tools.base.endpoint import ACCOUNT
from tools.emulator.pricing.system import PricingSystem
from tools.local.parts import parts_of
from tools.local.tokens import subject
from tools.quote.__main__ import main as make_quote

pytestmark = with_containers


@pytest.fixture(scope="module")
def pricing(deployment: Deployment) -> Iterator[Pricing]:
    """Beside the deployment of all tests; it is ended by force with this module's tests."""
    system = PricingSystem(deployment.emulator.workspace)
    system.start()
    try:
        eventually(lambda: system.envoy.traffic.healthy()["blue"])
        yield Pricing(deployment, system)
    finally:
        system.kill()


def test_an_order_is_placed_with_a_quote_that_came_by_grpc_and_by_rest(pricing: Pricing) -> None:
    """The whole way: any client learns the service, asks for a price, watches, and orders."""
    deployment = pricing.deployment
    customer = subject(deployment.token())
    asked = quote_request(customer_id=customer, lines=[{"sku": "TABLE-OAK", "quantity": 1}])
    reflected, quoted, watched = pricing.calls(
        {"method": "reflect"},
        {"method": "Quote", "request": asked, "metadata": IDENTITY},
        {"method": "WatchPrices", "request": {"currency": "EUR"}, "metadata": IDENTITY, "take": 7},
    )
    assert "shop.pricing.v1.PricingService" in reflected["services"]
    assert reflected["fields"] == ["customer_id", "lines", "currency"]
    assert quoted["response"]["total"] == "24900"
    assert {it["sku"]: it["unit_price"] for it in watched["response"]}["TABLE-OAK"] == 24900

    by_rest = pricing.rest("POST", "/v1/quotes", asked)
    assert by_rest.status == 200, by_rest.body
    assert by_rest.headers["Cache-Control"] == "no-store"
    for quote in (quoted["response"]["quote"], by_rest.json["quote"]):
        placed = call(
            "POST",
            deployment.url("orders", "/v1/orders"),
            token=deployment.token(),
            headers={"Idempotency-Key": str(uuid.uuid4())},
            body={"lines": asked["lines"], "currency": "EUR", "ship_to": SHIP_TO, "quote": quote},
        )
        assert placed.status == 202, placed.body
        assert placed.json["total"] == 24900
    tampered = call(
        "POST",
        deployment.url("orders", "/v1/orders"),
        token=deployment.token(),
        headers={"Idempotency-Key": str(uuid.uuid4())},
        body={
            "lines": asked["lines"],
            "currency": "EUR",
            "ship_to": SHIP_TO,
            "quote": quoted["response"]["quote"][:-1] + "x",
        },
    )
    assert tampered.status == 422


def test_make_quote_asks_by_grpc_and_orders_with_the_answer(
    pricing: Pricing, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ["--workspace", str(pricing.deployment.emulator.workspace.root)]
    assert make_quote([*here, "--lines", "TABLE-OAK=2"]) == 0
    said = capsys.readouterr().out
    assert "498.00 EUR, until 20" in said
    assert re.search(r"order [0-9a-f-]{36} is placed with it: 498\.00 EUR", said)
    assert make_quote([*here, "--lines", "NO-SUCH=1,TABLE-OAK=0"]) == 1
    refused = capsys.readouterr().err
    assert "lines[0].sku: " in refused
    assert "lines[1].quantity: " in refused


def test_the_status_names_pricings_processes(pricing: Pricing) -> None:
    shown = {it.name: it for it in parts_of(pricing.deployment.emulator)}
    assert shown["pricing's Envoy"].processes == 2, "Envoy, and what ends it with the emulator"
    assert shown["pricing's server blue"].processes == 1
    assert "pricing's server green" not in shown, "it gets no calls"
    assert shown["pricing's server blue"].memory > 10 * 2**20


def test_refusals_name_each_field_by_grpc_and_by_rest(pricing: Pricing) -> None:
    wrong = quote_request(lines=[{"sku": 'NO "SUCH" [THING', "quantity": 0}], currency="CHF")
    refused = pricing.calls({"method": "Quote", "request": wrong, "metadata": IDENTITY})[0]
    assert refused["status"] == "INVALID_ARGUMENT"
    assert refused["details"] == ["ErrorInfo", "BadRequest"]

    problem = pricing.rest("POST", "/v1/quotes", wrong)
    assert problem.status == 400
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.headers["Cache-Control"] == "no-store"
    assert problem.json["type"] == f"https://{PRODUCT}.example/problems/request-invalid"
    assert {it["field"] for it in problem.json["errors"]} == {
        "currency",
        "lines[0].sku",
        "lines[0].quantity",
    }


def test_a_price_that_is_deployed_reaches_who_watches_and_who_asks(pricing: Pricing) -> None:
    """From AppConfig by the agent beside the server, while it runs."""
    configuration = pricing.system.configuration
    watch = {"method": "WatchPrices", "request": {"currency": "EUR"}, "metadata": IDENTITY}
    prices = iter(range(701, 800))

    def deployed() -> bool:
        configuration.deploy(settings={"prices": {"MUG-RED": {"EUR": next(prices)}}})
        return watching.done()

    try:
        with ThreadPoolExecutor() as pool:
            watching = pool.submit(pricing.calls, {**watch, "take": 8})
            eventually(deployed)
            seen = watching.result()[0]["response"]
        first, change = seen[:7], seen[7]
        assert [it["sku"] for it in first] == sorted(it["sku"] for it in first)
        assert change["sku"] == "MUG-RED", "what has not changed is not said again"
        assert change["unit_price"] > 700
        assert int(change["revision"]) > int(first[0]["revision"])
    finally:
        configuration.deploy(settings={})


def test_who_is_no_caller_of_ours_is_refused(pricing: Pricing) -> None:
    """Of another account, with a longer name, no role, an identity that Envoy has not set."""
    strangers: list[dict[str, str]] = [
        {},
        *(
            {"x-amzn-lattice-identity": f"Principal={principal}"}
            for principal in (
                "arn:aws:iam::999999999999:role/partners",
                f"arn:aws:iam::{ACCOUNT}:role/partners-of-mine",
                f"arn:aws:iam::{ACCOUNT}:user/partners",
            )
        ),
        {"x-caller-identity": f"spiffe://{TRUST_DOMAIN}/partners"},
    ]
    asked = [{"method": "Quote", "request": quote_request(), "metadata": it} for it in strangers]
    assert {it["status"] for it in pricing.calls(*asked)} == {"PERMISSION_DENIED"}
    for identity in strangers:
        answer = call(
            "POST",
            f"{pricing.system.envoy.plain_url}/v1/quotes",
            body=quote_request(),
            headers=identity,
        )
        assert answer.status == 403
        assert answer.headers["Content-Type"] == "application/problem+json"
