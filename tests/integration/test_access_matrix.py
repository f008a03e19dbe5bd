"""Who is let in where: every route of the templates, with every kind of token."""

from __future__ import annotations

import pytest

from contracts.product import PROBLEM_TYPES
from tests.support.drivers.access_matrix import (
    REFUSED,
    Callers,
    Route,
    answer_to,
    is_partners,
    routes,
)
from tests.support.drivers.offline import Answer, Deployment

FEWEST, FEWEST_OF_PARTNERS = 15, 8
GATEWAYS = {"unauthorized": 401, "forbidden": 403, "refused": 403, "no-such-resource": 404}
"""What the gateway answers by itself, by the kind of problem: then no function was asked."""


@pytest.fixture(scope="module")
def found(deployment: Deployment) -> list[Route]:
    deployed = routes(deployment)
    assert len(deployed) >= FEWEST
    return deployed


@pytest.fixture(scope="module")
def callers(deployment: Deployment, found: list[Route]) -> Callers:
    made = Callers(deployment)
    for route in (it for it in found if it.scope):
        made.soon_expired(route)
    return made


def kind_of(answer: Answer) -> str:
    """The last part of a problem's type, if it is one that the gateway answers with.

    An answer to HEAD says none: there the status has to do.
    """
    if not answer.body:
        return "unauthorized" if answer.status == 401 else ""
    if answer.headers["Content-Type"] != "application/problem+json":
        return ""
    kind = str(answer.json["type"]).removeprefix(PROBLEM_TYPES)
    return kind if GATEWAYS.get(kind) == answer.status and "instance" not in answer.json else ""


@pytest.mark.parametrize("kind", REFUSED)
def test_nobody_else_is_let_in_anywhere(
    kind: str, callers: Callers, found: list[Route], deployment: Deployment
) -> None:
    asked, let_in = 0, []
    for route in (it for it in found if it.scope):
        token = REFUSED[kind](callers, route)
        answer = answer_to(deployment, route, {"Authorization": f"Bearer {token}".strip()})
        asked += 1
        if (kind_of(answer), answer.headers["Cache-Control"]) != ("unauthorized", "no-store"):
            let_in.append(f"{route} answers {kind} with {answer.status}")
    assert let_in == []
    assert asked >= FEWEST


@pytest.mark.nightly  # every function is started for it; by day the tests of each service do so
def test_the_routes_scope_alone_lets_in_everywhere(
    callers: Callers, found: list[Route], deployment: Deployment
) -> None:
    """Whatever the function then thinks of an empty request, it is the function's answer."""
    refused = []
    for route in (it for it in found if it.scope):
        answer = answer_to(deployment, route, {"Authorization": f"Bearer {callers.right(route)}"})
        if kind_of(answer) or answer.status >= 500:
            refused.append(f"{route} answers {answer.status}: {answer.body[:200]!r}")
    assert refused == []


def test_what_asks_for_a_key_takes_no_token_for_it(
    callers: Callers, found: list[Route], deployment: Deployment
) -> None:
    (webhook,) = [it for it in found if it.keyed and not it.scope]
    customers = next(it for it in found if it.service == "orders")
    for token in ("", callers.right(customers), callers.another_kind(webhook)):
        answer = answer_to(deployment, webhook, {"Authorization": f"Bearer {token}".strip()})
        assert (answer.status, kind_of(answer)) == (403, "refused")
        assert answer.json["status"] == 403
        wrong = {"Authorization": f"Bearer {token}".strip(), "x-api-key": "made-up"}
        assert answer_to(deployment, webhook, wrong).status == 403


@pytest.mark.parametrize("key", ["", "made-up", "a carrier's"])
def test_a_partners_token_alone_opens_nothing(
    key: str, callers: Callers, found: list[Route], deployment: Deployment
) -> None:
    """Another caller's key is one that there is, and has no plan for this API."""
    gateway = deployment.cloud.client("apigateway")
    keys = gateway.get_api_keys(includeValues=True, limit=500)["items"]
    carriers = next(it["value"] for it in keys if it["name"].endswith("-shipping-tern-post"))
    let_in, asked = [], 0
    for route in filter(is_partners, found):
        token = f"Bearer {callers.right(route)}"
        brought = carriers if key == "a carrier's" else key
        answer = answer_to(deployment, route, {"Authorization": token, "x-api-key": brought})
        asked += 1
        if answer.status != 403 or (answer.body and kind_of(answer) != "refused"):
            let_in.append(f"{route} answers {answer.status}: {answer.body[:200]!r}")
    assert let_in == []
    assert asked >= FEWEST_OF_PARTNERS


def test_the_consoles_files_alone_are_for_everybody(
    found: list[Route], deployment: Deployment
) -> None:
    everybodys = [it for it in found if not it.scope and not it.keyed]
    assert {it.service for it in everybodys} == {"console"}
    assert {it.path for it in everybodys} == {"/", "/{file}"}
    for route in everybodys:
        assert kind_of(answer_to(deployment, route, {})) == ""
