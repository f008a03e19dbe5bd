"""Orders by GraphQL as deployed: what a customer sees in one query, and what nobody else does."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from stacks.order_graph import MOST_RESOLVERS
from tests.support.drivers.access_matrix import REFUSED, Callers, Route
from tests.support.drivers.offline import Answer, Deployment, call, eventually

ALL = """
query Order($id: ID!) {
  me {
    id
    order(id: $id) {
      id version status currency total placedAt updatedAt reason
      gift { wrapping noteCode }
      shipTo { addressId country postcodeArea }
      lines { sku quantity unitPrice }
      history { version type occurredAt reason }
    }
    orders(limit: 2) { orders { id version status gift { wrapping noteCode } } nextPageToken }
  }
}
"""
READ = Route("order-graph", "POST", "", "orders/read", False)
ISSUED = {"an ID token", "every other scope", "another kind of caller's token"}
LINES = [{"sku": "TEA-SENCHA", "quantity": 2}]
BODY = {
    "lines": LINES,
    "currency": "EUR",
    "ship_to": {"address_id": str(uuid.uuid4()), "country": "DE", "postcode_area": "10"},
}


class Graph:
    """The GraphQL API of one deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._url = deployment.url("order-graph")

    def post(self, query: str, token: str | None, **variables: Any) -> Answer:
        body = {"query": query, "variables": variables}
        return call("POST", self._url, token=token, body=body)

    def ask(self, query: str, token: str, **variables: Any) -> Any:
        answer = self.post(query, token, **variables)
        assert answer.status == 200
        return answer.json

    def me(self, query: str, token: str, **variables: Any) -> Any:
        answer = self.ask(query, token, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]["me"]


@pytest.fixture(scope="module")
def graph(deployment: Deployment) -> Graph:
    return Graph(deployment)


@pytest.fixture(scope="module")
def token(deployment: Deployment) -> str:
    """Of somebody who has no orders but this module's."""
    return deployment.token("graph")


@pytest.fixture(scope="module")
def order(deployment: Deployment, token: str) -> dict[str, Any]:
    """An order as the REST API shows it, when it was cancelled and nothing more will happen."""

    def post(path: str, body: Any) -> Any:
        url = deployment.url("orders", f"/v1/orders{path}")
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        answer = call("POST", url, token=token, body=body, headers=headers)
        assert answer.status == 202, answer.json
        return answer.json

    order_id = post("", BODY)["order_id"]
    post(f"/{order_id}/cancellation", {"reason": "changed_mind"})
    view_url = deployment.url("order-views", f"/v1/orders/{order_id}?min_version=2")

    def seen() -> Any:
        view = call("GET", view_url, token=token)
        return view.status == 200 and view.json

    view: dict[str, Any] = eventually(seen)
    return view


def test_one_query_says_what_three_requests_say(
    deployment: Deployment, graph: Graph, token: str, order: dict[str, Any]
) -> None:
    me = graph.me(ALL, token, id=order["order_id"])
    found = me["order"]
    assert me["id"] == order["customer_id"]
    assert {
        "order_id": found["id"],
        "version": found["version"],
        "customer_id": me["id"],
        "status": found["status"].lower(),
        "currency": found["currency"],
        "total": found["total"],
        "lines": [
            {"sku": it["sku"], "quantity": it["quantity"], "unit_price": it["unitPrice"]}
            for it in found["lines"]
        ],
        "ship_to": {
            "address_id": found["shipTo"]["addressId"],
            "country": found["shipTo"]["country"],
            "postcode_area": found["shipTo"]["postcodeArea"],
        },
        "placed_at": found["placedAt"],
        "updated_at": found["updatedAt"],
        "reason": found["reason"],
    } == order
    path = f"/v1/orders/{order['order_id']}/history"
    past = call("GET", deployment.url("orders", path), token=token).json["events"]
    said = [(it["version"], it["type"], it["occurred_at"]) for it in past]
    assert [(it["version"], it["type"], it["occurredAt"]) for it in found["history"]] == said
    assert [it["id"] for it in me["orders"]["orders"]] == [order["order_id"]]
    assert me["orders"]["nextPageToken"] is None


@pytest.mark.parametrize(
    "gift",
    [None, {"wrapping": "box"}, {"wrapping": "paper", "note_code": "happy-birthday"}],
    ids=["no gift", "no card", "a card"],
)
def test_an_order_is_the_gift_that_the_second_version_shows(
    deployment: Deployment, graph: Graph, gift: dict[str, str] | None
) -> None:
    token = deployment.token(f"giver-{uuid.uuid4()}")
    placed = call(
        "POST",
        deployment.url("orders", "/v2/orders"),
        token=token,
        body=BODY | ({"gift": gift} if gift else {}),
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    assert placed.status == 202, placed.json
    order_id = placed.json["order_id"]
    path = f"/v2/orders/{order_id}?min_version=1"

    def seen() -> Any:
        view = call("GET", deployment.url("order-views", path), token=token)
        return view.status == 200 and view

    shown = eventually(seen).json["gift"]
    me = graph.me(ALL, token, id=order_id)
    told = shown and {"wrapping": shown["wrapping"], "noteCode": shown["note_code"]}
    assert bool(told) is bool(gift)
    assert me["order"]["gift"] == told
    assert [it["gift"] for it in me["orders"]["orders"]] == [told]


def test_nobody_else_sees_an_order(graph: Graph, other_token: str, order: dict[str, Any]) -> None:
    me = graph.me(ALL, other_token, id=order["order_id"])
    assert me["order"] is None
    assert order["order_id"] not in {it["id"] for it in me["orders"]["orders"]}


def test_an_order_that_is_not_there_yet_is_an_error_that_says_so(
    graph: Graph, token: str, order: dict[str, Any]
) -> None:
    query = "query($id: ID!) { me { id order(id: $id, minVersion: 999) { id } } }"
    answer = graph.ask(query, token, id=order["order_id"])
    assert answer["data"]["me"]["order"] is None
    [error] = answer["errors"]
    assert (error["errorType"], error["path"]) == ("NotYet", ["me", "order"])


def test_a_refused_list_leaves_the_rest_of_the_answer(
    graph: Graph, token: str, order: dict[str, Any]
) -> None:
    query = "query($id: ID!) { me { order(id: $id) { id } orders(limit: 101) { nextPageToken } } }"
    answer = graph.ask(query, token, id=order["order_id"])
    assert answer["data"]["me"] == {"order": {"id": order["order_id"]}, "orders": None}
    [error] = answer["errors"]
    assert (error["errorType"], error["path"]) == ("InvalidRequest", ["me", "orders"])


def test_sixty_names_for_orders_tell_of_the_callers_own_alone(
    graph: Graph, token: str, other_token: str, order: dict[str, Any]
) -> None:
    """AWS refuses so many: the emulator, which has no limit, has to be right about each."""
    assert MOST_RESOLVERS < 61
    ids = [order["order_id"] if n % 2 else str(uuid.uuid4()) for n in range(60)]
    names = " ".join(f'o{n}: order(id: "{id}") {{ id }}' for n, id in enumerate(ids))
    query = f"{{ me {{ {names} }} }}"
    mine, theirs = graph.me(query, token), graph.me(query, other_token)
    assert [mine[f"o{n}"] is not None for n in range(60)] == [bool(n % 2) for n in range(60)]
    assert set(theirs.values()) == {None}


@pytest.fixture(scope="module")
def callers(deployment: Deployment) -> Callers:
    found = Callers(deployment)
    found.soon_expired(READ)  # now, and it has expired by the time that its test comes
    return found


@pytest.mark.parametrize("caller", REFUSED)
def test_a_token_that_opens_nothing(graph: Graph, callers: Callers, caller: str) -> None:
    answer = graph.post("{ me { id } }", REFUSED[caller](callers, READ) or None)
    if caller in ISSUED:  # by the pool, so that the field itself refuses it
        assert answer.status == 200
        assert answer.json["data"] == {"me": None}
        assert [it["errorType"] for it in answer.json["errors"]] == ["Unauthorized"]
    else:
        assert answer.status == 401
        assert answer.json["errors"][0]["errorType"] == "UnauthorizedException"


@pytest.mark.parametrize(
    "query",
    ["", "{", "{ me { password } }", "mutation { me { id } }", "{ me { order { id } } }"],
)
def test_what_the_schema_has_not_is_refused_whole(graph: Graph, token: str, query: str) -> None:
    answer = graph.post(query, token)
    assert answer.status in (200, 400)
    assert answer.json["errors"]
    assert not answer.json.get("data")
