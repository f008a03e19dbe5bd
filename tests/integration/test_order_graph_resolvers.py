"""Each resolver by itself, as AppSync evaluates it: with what is own, foreign, missing, failing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from shared.read_models.generations import FIRST_GENERATION, pointer_key
from stacks.order_graph import FIELDS, resolver_code
from tests.support.drivers.offline import Deployment

ME, SOMEBODY = "3f8b1c52-7a55-4be5-9a5e-0d1b1f3f7c11", "aa3d8f0e-44c0-4c6c-8b7e-1f6f5d2f9b22"
ORDER = "2c0d3b7a-5e1f-5c8d-9b6a-4f3e2d1c0b9a"
CORRELATION = "11111111-2222-4333-8444-555555555555"
PARENT = "00-11111111111111111111111111111111-2222222222222222-01"
CLAIMS = {"sub": ME, "token_use": "access", "scope": "orders/write orders/read"}
KNOWN = {"generation": "g7", "correlationId": CORRELATION, "traceparent": None}
OWN = {"owner": ME, "id": ME, **KNOWN}
ITEM = {
    "view_id": f"g7#{ORDER}",
    "order_id": ORDER,
    "customer_id": ME,
    "version": 2,
    "status": "confirmed",
    "currency": "EUR",
    "total": 2580,
    "ship_to": {"address_id": "a", "country": "DE", "postcode_area": "10"},
    "placed_at": "2026-12-01T09:30:00.125Z",
    "updated_at": "2026-12-01T09:31:00.125Z",
}
FAILED = {"message": "arn:aws:lambda:eu-west-1:1:function:GraphFields is throttled", "type": "X"}
FILES = sorted({file for file, _ in FIELDS.values()})
OF_READERS = sorted({*FILES} - {"published"})
"""What is published has no reader who asks for it."""
OF_OWNERS = sorted({*OF_READERS} - {"me", "changed"})
BY_FUNCTION = sorted({*OF_OWNERS} - {"order"})
PUBLISHER = {
    "accountId": "123456789012",
    "userArn": "arn:aws:sts::123456789012:assumed-role/PublishChanges/events",
}
CHANGE = {
    "id": ORDER,
    "version": 2,
    "type": "OrderConfirmed",
    "occurredAt": "2026-12-01T09:31:00.125Z",
}


@dataclass
class Resolvers:
    """Evaluates one half of a resolver: the value, or the error's words."""

    client: Any

    def __call__(self, file: str, half: str, **context: Any) -> Any:
        answer = self.client.evaluate_code(
            runtime={"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"},
            code=resolver_code(file),
            context=json.dumps(context_of(**context)),
            function=half,
        )
        if "error" in answer:
            return answer["error"]["message"]
        return json.loads(answer["evaluationResult"])


def context_of(**more: Any) -> dict[str, Any]:
    """What AppSync tells a resolver of a field of the caller's own."""
    return {
        "identity": {"sub": ME, "claims": CLAIMS},
        "request": {"headers": {}},
        "arguments": {"id": ORDER},
        "source": OWN,
        "result": None,
        **more,
    }


@pytest.fixture(scope="module")
def evaluate(deployment: Deployment) -> Resolvers:
    return Resolvers(deployment.cloud.client("appsync"))


@pytest.mark.parametrize("half", ["request", "response"])
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "identity",
    [
        pytest.param(None, id="nobody"),
        pytest.param({}, id="no claims"),
        pytest.param({"sub": ME, "claims": {**CLAIMS, "token_use": "id"}}, id="an ID token"),
        pytest.param({"sub": ME, "claims": {**CLAIMS, "scope": "orders/write"}}, id="no scope"),
        pytest.param({"sub": ME, "claims": {**CLAIMS, "scope": "my-orders/read"}}, id="alike"),
        pytest.param({"sub": ME, "claims": {"token_use": "access"}}, id="without scopes"),
        pytest.param({"sub": None, "claims": CLAIMS}, id="without a subject"),
        pytest.param({"accountId": "1", "userArn": "arn:aws:iam::1:role/x"}, id="a role"),
    ],
)
def test_no_half_of_a_resolver_does_anything_for_who_may_not_read(
    evaluate: Resolvers, file: str, half: str, identity: Any
) -> None:
    assert evaluate(file, half, identity=identity, result=ITEM) == "Unauthorized"


@pytest.mark.parametrize("half", ["request", "response"])
@pytest.mark.parametrize("file", OF_OWNERS)
@pytest.mark.parametrize("source", [None, {}, {**OWN, "owner": SOMEBODY}])
def test_a_field_of_what_is_not_the_callers_ends(
    evaluate: Resolvers, file: str, half: str, source: Any
) -> None:
    assert evaluate(file, half, source=source, result={"answer": []}) == "Unauthorized"


@pytest.mark.parametrize("file", OF_READERS)
def test_a_failure_says_nothing_of_what_is_behind_the_field(evaluate: Resolvers, file: str) -> None:
    said = evaluate(file, "response", error=FAILED)
    assert said == "This field cannot be read now: try again in a second."


def test_the_caller_is_found_with_the_generation_that_is_served(evaluate: Resolvers) -> None:
    asked = evaluate("me", "request")
    assert asked == {
        "operation": "GetItem",
        "key": pointer_key(["view_id"]),
        "consistentRead": True,
    }
    headers = {"x-correlation-id": CORRELATION, "traceparent": PARENT}
    found = evaluate("me", "response", result={"live": "g7"}, request={"headers": headers})
    assert found == {**OWN, "traceparent": PARENT}


def test_before_the_first_rebuild_there_is_no_pointer(evaluate: Resolvers) -> None:
    assert evaluate("me", "response")["generation"] == FIRST_GENERATION


@pytest.mark.parametrize("given", ["somebody@example.com", "", CORRELATION.upper()[:-1], None])
def test_no_free_text_becomes_a_correlation_id(evaluate: Resolvers, given: str | None) -> None:
    found = evaluate("me", "response", request={"headers": {"x-correlation-id": given}})
    assert found["correlationId"] != given
    assert len(found["correlationId"]) == 36


def test_an_order_is_read_by_one_key_of_the_querys_generation(evaluate: Resolvers) -> None:
    asked = evaluate("order", "request")
    assert asked == {
        "operation": "GetItem",
        "key": {"view_id": {"S": f"g7#{ORDER}"}},
        "consistentRead": True,
    }
    order = evaluate("order", "response", result=ITEM)
    assert (order["id"], order["status"], order["total"]) == (ORDER, "CONFIRMED", 2580)
    assert {name: order[name] for name in KNOWN} == KNOWN
    assert order["owner"] == ME


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ({}, None),
        ({"gift": None}, None),
        ({"gift": {"wrapping": "box"}}, {"wrapping": "box", "noteCode": None}),
        (
            {"gift": {"wrapping": "paper", "note_code": "happy-birthday"}},
            {"wrapping": "paper", "noteCode": "happy-birthday"},
        ),
    ],
)
def test_an_order_says_whether_it_is_a_gift(
    evaluate: Resolvers, kept: dict[str, Any], told: dict[str, Any] | None
) -> None:
    """An order that was placed before there were gifts has no such attribute."""
    assert evaluate("order", "response", result=ITEM | kept)["gift"] == told


@pytest.mark.parametrize("id", ["", "pointer", f"{ORDER}0", ORDER.upper(), "g7#", "../x", "\ud800"])
def test_an_id_of_a_foreign_shape_is_no_key(evaluate: Resolvers, id: str) -> None:
    assert evaluate("order", "request", arguments={"id": id}) is None


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(None, id="missing"),
        pytest.param({**ITEM, "customer_id": SOMEBODY}, id="foreign"),
        pytest.param({"view_id": "x", "customer_id": ME, "version": 0}, id="stalled"),
    ],
)
def test_somebody_elses_order_answers_as_one_that_nobody_placed(
    evaluate: Resolvers, item: Any
) -> None:
    assert evaluate("order", "response", result=item) is None
    late = evaluate("order", "response", result=item, arguments={"id": ORDER, "minVersion": 1})
    assert late == "You have no such order in this version: try again in a second."


@pytest.mark.parametrize(("wanted", "comes"), [(0, True), (2, True), (3, False)])
def test_an_order_comes_as_fresh_as_the_caller_needs_it(
    evaluate: Resolvers, wanted: int, *, comes: bool
) -> None:
    arguments = {"id": ORDER, "minVersion": wanted}
    answer = evaluate("order", "response", result=ITEM, arguments=arguments)
    assert isinstance(answer, dict) == comes


@pytest.mark.parametrize("file", BY_FUNCTION)
def test_a_function_is_told_who_asks_and_for_which_generation(
    evaluate: Resolvers, file: str
) -> None:
    arguments = {"limit": 5, "pageToken": ORDER} if file == "orders" else {}
    asked = evaluate(file, "request", source={**OWN, "id": ORDER}, arguments=arguments)
    more = {"limit": 5, "page_token": ORDER} if file == "orders" else {"order_id": ORDER}
    assert asked == {
        "operation": "Invoke",
        "payload": {
            "field": file,
            "customer_id": ME,
            "generation": "g7",
            "correlation_id": CORRELATION,
            "traceparent": None,
            **more,
        },
    }


@pytest.mark.parametrize("file", BY_FUNCTION)
def test_what_a_function_answers_or_refuses_reaches_the_caller(
    evaluate: Resolvers, file: str
) -> None:
    assert evaluate(file, "response", result={"answer": [1]}) == [1]
    problem = {"type": "NotFound", "detail": "you have no such order"}
    assert evaluate(file, "response", result={"problem": problem}) == problem["detail"]


def test_whether_an_order_is_the_callers_is_asked_when_somebody_subscribes(
    evaluate: Resolvers,
) -> None:
    asked = evaluate("changed", "request", source=None)
    correlation_id = asked["payload"].pop("correlation_id")
    assert len(correlation_id) == 36
    assert asked == {
        "operation": "Invoke",
        "payload": {
            "field": "owned",
            "customer_id": ME,
            "order_id": ORDER,
            "traceparent": None,
        },
    }


@pytest.mark.parametrize(
    "result",
    [
        None,
        {},
        {"answer": False},
        {"answer": "true"},
        {"problem": {"type": "NotFound", "detail": "you have no such order"}},
    ],
)
def test_nobody_subscribes_to_an_order_that_is_not_theirs(evaluate: Resolvers, result: Any) -> None:
    said = evaluate("changed", "response", source=None, result=result)
    assert said == "You have no such order, or it cannot be seen yet: try again in a second."


def test_who_subscribes_hears_of_this_order_alone(deployment: Deployment) -> None:
    answer = deployment.cloud.client("appsync").evaluate_code(
        runtime={"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"},
        code=resolver_code("changed"),
        context=json.dumps(context_of(source=None, result={"answer": True})),
        function="response",
    )
    assert "error" not in answer, answer["error"]
    assert json.loads(answer.get("evaluationResult") or "null") is None
    assert "fieldName: 'id', operator: 'eq', value: ctx.args.id" in resolver_code("changed")


def test_a_change_goes_on_as_the_bus_told_it(evaluate: Resolvers) -> None:
    arguments = {**CHANGE, "source": "shop.orders"}
    said = evaluate("published", "request", identity=PUBLISHER, arguments=arguments)
    assert said == {"payload": CHANGE}
    published = evaluate(
        "published", "response", identity=PUBLISHER, arguments=arguments, result=CHANGE
    )
    assert published == CHANGE


@pytest.mark.parametrize("half", ["request", "response"])
@pytest.mark.parametrize(
    ("identity", "source"),
    [
        pytest.param(PUBLISHER, "shop.payments", id="another service"),
        pytest.param(PUBLISHER, "shop.orders.evil", id="alike"),
        pytest.param(PUBLISHER, None, id="no source"),
        pytest.param({"sub": ME, "claims": CLAIMS}, "shop.orders", id="a customer"),
        pytest.param({**PUBLISHER, "claims": CLAIMS}, "shop.orders", id="both"),
        pytest.param({"userArn": "arn:aws:iam::1:user/x"}, "shop.orders", id="a user"),
        pytest.param(None, "shop.orders", id="nobody"),
    ],
)
def test_nobody_else_publishes_a_change(
    evaluate: Resolvers, half: str, identity: Any, source: str | None
) -> None:
    arguments = {**CHANGE, "source": source}
    said = evaluate("published", half, identity=identity, arguments=arguments, result=CHANGE)
    assert said == "Unauthorized"
