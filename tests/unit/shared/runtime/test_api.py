"""The endpoint around every API function: what it takes from the gateway, and what it answers."""

import base64
import json
from collections.abc import Callable
from typing import Any
from unittest.mock import ANY

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.product import PROBLEM_TYPES
from shared.runtime import environment
from shared.runtime.api import Request, Response, correlation_id_in, endpoint
from shared.runtime.patterns import is_uuid
from shared.runtime.payloads import MAX_EVENT_BYTES
from shared.runtime.problems import PROBLEM_JSON, Problem

JOURNEY = "0d6f2a4e-58b1-4f1c-9a51-3c1f6f1d2e3b"


class Parcel(msgspec.Struct, forbid_unknown_fields=True):
    weight: int
    labels: list[dict[str, int]] = []


class Refusal(Exception):
    """What the domain says."""


class SharperRefusal(Refusal):
    """A kind of it."""


def event(**changes: Any) -> dict[str, Any]:
    return {
        "httpMethod": "POST",
        "path": "/v1/parcels",
        "headers": {"X-Correlation-Id": JOURNEY, "Content-Type": "application/json"},
        "pathParameters": None,
        "queryStringParameters": None,
        "requestContext": {"requestId": "r-1", "authorizer": {"claims": {"sub": "customer"}}},
        "body": None,
        "isBase64Encoded": False,
    } | changes


def call(handle: Callable[[Request], Response], **changes: Any) -> dict[str, Any]:
    decorate = endpoint(errors={Refusal: lambda _e: Problem(409, "refused", "No", "because")})
    answer = decorate(handle)(event(**changes), None)
    answer["document"] = json.loads(answer["body"]) if answer["body"] else None
    return answer


def weigh(request: Request) -> Response:
    return Response(200, {"weight": request.json(Parcel).weight})


def raising(error: Exception) -> Callable[[Request], Response]:
    def handle(_request: Request) -> Response:
        raise error

    return handle


def test_a_good_request_is_answered_as_json_that_nobody_caches() -> None:
    answer = call(weigh, body='{"weight": 3}')
    assert (answer["statusCode"], answer["document"]) == (200, {"weight": 3})
    assert answer["headers"] == {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "X-Correlation-Id": JOURNEY,
        "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
    }


def test_an_answer_without_a_body_is_empty() -> None:
    answer = call(lambda _request: Response(204, headers={"Location": "/there"}))
    assert (answer["statusCode"], answer["body"]) == (204, "")
    assert answer["headers"]["Location"] == "/there"


def test_a_function_sees_who_asks_for_what() -> None:
    seen: list[Request] = []

    def look(request: Request) -> Response:
        seen.append(request)
        return Response(200)

    call(
        look,
        headers={"x-CORRELATION-id": JOURNEY, "X-Other": "1"},
        pathParameters={"parcel_id": "p-1"},
        queryStringParameters={"limit": "5"},
        body="text",
    )
    (request,) = seen
    assert (request.method, request.path, request.request_id) == ("POST", "/v1/parcels", "r-1")
    assert (request.customer_id, request.body) == ("customer", b"text")
    assert (request.path_parameters, request.query) == ({"parcel_id": "p-1"}, {"limit": "5"})
    assert request.trace.correlation_id == JOURNEY
    assert request.headers["x-other"] == "1"


def test_a_body_in_base64_is_read_as_its_bytes() -> None:
    body = base64.b64encode(b'{"weight": 3}').decode()
    assert call(weigh, body=body, isBase64Encoded=True)["document"] == {"weight": 3}


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ('{"weight": "heavy"}', "/weight", "Expected `int`, got `str`"),
        ("{}", "", "Object missing required field `weight`"),
        ('{"weight": 1, "colour": 2}', "", "Object contains unknown field `colour`"),
        ('{"weight": 1, "labels": [{}, {"a": "b"}]}', "/labels/1", "Expected `int`, got `str`"),
        ("[]", "", "Expected `object`, got `array`"),
    ],
)
def test_a_body_that_breaks_the_contract_is_told_where(
    body: str, pointer: str, detail: str
) -> None:
    answer = call(weigh, body=body)
    assert answer["statusCode"] == 400
    assert answer["document"]["errors"] == [{"pointer": pointer, "detail": detail}]


@pytest.mark.parametrize(
    "body", [None, "", "{", "{'weight': 3}", "\ud800", "[" * 100_000, '{"weight": NaN}']
)
def test_a_body_that_is_not_json_is_said_not_to_be(body: str | None) -> None:
    answer = call(weigh, body=body)
    assert answer["statusCode"] == 400
    assert "not JSON" in answer["document"]["detail"] or answer["document"]["errors"]


@pytest.mark.parametrize("body", ["=", "a", "ü", "\ud800"])
def test_a_body_that_only_claims_to_be_base64_is_refused(body: str) -> None:
    answer = call(weigh, body=body, isBase64Encoded=True)
    assert (answer["statusCode"], answer["document"]["detail"]) == (400, "the body is not base64")


def test_a_body_over_the_event_limit_is_too_large() -> None:
    assert call(weigh, body=" " * (MAX_EVENT_BYTES + 1))["statusCode"] == 413


def test_a_body_at_the_event_limit_is_read() -> None:
    body = '{"weight": 3}'.ljust(MAX_EVENT_BYTES)
    assert call(weigh, body=body)["statusCode"] == 200


def test_the_limit_counts_bytes_and_not_letters() -> None:
    assert call(weigh, body="ü" * (MAX_EVENT_BYTES // 2 + 1))["statusCode"] == 413


@pytest.mark.parametrize(
    "authorizer",
    [None, {}, {"claims": None}, {"claims": {}}, {"claims": {"sub": ""}}, {"principalId": ""}],
    ids=["none", "empty", "no claims", "no subject", "empty subject", "empty principal"],
)
def test_a_request_that_no_token_stands_behind_is_never_answered(authorizer: Any) -> None:
    answer = call(
        lambda _request: Response(200),
        requestContext={"requestId": "r-1", "authorizer": authorizer},
    )
    assert (answer["statusCode"], answer["document"]["type"].split("/")[-1]) == (
        401,
        "unauthorized",
    )


def test_a_lambda_authorizer_names_the_caller_where_there_is_no_user_pool() -> None:
    answer = call(
        lambda request: Response(200, {"customer": request.customer_id}),
        requestContext={"requestId": "r-1", "authorizer": {"principalId": "customer-7"}},
    )
    assert answer["document"] == {"customer": "customer-7"}


def test_a_request_that_came_past_the_authorizer_is_never_answered() -> None:
    answer = call(lambda _request: Response(200), requestContext={"requestId": "r-1"})
    assert answer["statusCode"] == 401


@pytest.mark.parametrize("missing", ["httpMethod", "path", "requestContext"])
def test_what_no_gateway_sends_is_a_fault_of_ours(
    missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = event()
    del broken[missing]
    answer = endpoint()(lambda _request: Response(200))(broken, None)
    assert answer["statusCode"] == 500
    assert json.loads(capsys.readouterr().out.splitlines()[0])["error"] == "KeyError"


@pytest.mark.parametrize("nothing", ["headers", "pathParameters", "queryStringParameters", "body"])
def test_what_a_gateway_leaves_empty_is_empty(nothing: str) -> None:
    assert call(lambda _request: Response(200), **{nothing: None})["statusCode"] == 200


def test_the_domains_refusals_become_the_problems_that_the_handler_names() -> None:
    for refusal in (Refusal(), SharperRefusal()):
        answer = call(raising(refusal))
        assert answer["statusCode"] == 409
        assert answer["headers"]["Content-Type"] == PROBLEM_JSON
        assert answer["document"] == {
            "type": PROBLEM_TYPES + "refused",
            "title": "No",
            "status": 409,
            "detail": "because",
            "instance": "/v1/parcels",
            "correlation_id": JOURNEY,
        }


def test_a_problem_may_bring_headers() -> None:
    answer = call(raising(Problem(409, "busy", "No", "yet", headers={"Retry-After": "1"})))
    assert answer["headers"]["Retry-After"] == "1"


def test_a_path_that_no_json_can_hold_is_still_answered() -> None:
    answer = call(raising(Refusal()), path="/v1/\ud800")
    assert (answer["statusCode"], answer["document"]["instance"]) == (409, "/v1/?")


def test_a_fault_of_ours_tells_the_caller_nothing_and_the_log_everything_but_the_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = call(raising(RuntimeError("Jane Doe, Elm Street 3")), body='{"name": "Jane Doe"}')
    assert (answer["statusCode"], answer["document"]["type"].split("/")[-1]) == (
        500,
        "internal-error",
    )
    printed = capsys.readouterr().out
    assert "Jane" not in printed + answer["body"]
    line, metric, _answered = map(json.loads, printed.splitlines())
    assert (line["error"], line["correlation_id"]) == ("RuntimeError", JOURNEY)
    assert any("in handle" in frame for frame in line["frames"])
    assert metric["UnhandledErrors"] == 1


@pytest.mark.parametrize(
    ("version", "counted"),
    [("7", [{"function": "weigh", "version": "7"}]), ("$LATEST", [])],
    ids=["by an alias", "the newest code"],
)
def test_a_fault_of_a_version_is_counted_for_it_besides(
    version: str,
    counted: list[dict[str, str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "weigh")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", version)
    call(raising(RuntimeError("broken")))
    lines = [json.loads(it) for it in capsys.readouterr().out.splitlines()]
    found = [it for it in lines if it.get("UnhandledErrorsOfVersion") == 1]
    assert [{name: it[name] for name in ("function", "version")} for it in found] == counted


@pytest.mark.parametrize(("weight", "status"), [("7", 200), ('"light"', 400)])
def test_every_answer_leaves_a_line_that_names_the_route_and_nobodys_order(
    weight: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path, route = "/v1/parcels/p-1/weight", "/v1/parcels/{parcel_id}/weight"
    call(weigh, path=path, resource=route, body=f'{{"weight": {weight}}}')
    line = json.loads(capsys.readouterr().out)
    assert (line["message"], line["method"], line["route"]) == ("request answered", "POST", route)
    assert (line["status"], line["correlation_id"]) == (status, JOURNEY)
    assert "p-1" not in json.dumps(line)


@pytest.mark.parametrize("text", ["0", "11", "-1", "+1", "1.0", "", " 1", "٣", "1_0", "9" * 5000])
def test_a_number_out_of_bounds_is_refused_with_the_bounds(text: str) -> None:
    def count(request: Request) -> Response:
        return Response(200, request.whole_number("limit", default=5, least=1, most=10))

    answer = call(count, queryStringParameters={"limit": text})
    assert (answer["statusCode"], answer["document"]["detail"]) == (
        400,
        "limit must be a whole number from 1 to 10",
    )
    assert call(count, queryStringParameters={"limit": "10"})["document"] == 10
    assert call(count)["document"] == 5


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("9" * 18, 10**18 - 1), ("0" * 17 + "7", 7), ("0" * 18 + "7", None)],
)
def test_a_number_has_eighteen_digits_at_most(text: str, number: int | None) -> None:
    def count(request: Request) -> Response:
        return Response(200, request.whole_number("limit", default=5, least=1, most=10**18))

    answer = call(count, queryStringParameters={"limit": text})
    assert answer["statusCode"] == (400 if number is None else 200)
    assert number is None or answer["document"] == number


def test_a_caller_with_a_key_needs_no_token() -> None:
    bare = event(requestContext={"requestId": "r-1", "identity": {"apiKeyId": "k-1"}})
    seen: list[Request] = []

    def look(request: Request) -> Response:
        seen.append(request)
        return Response(200)

    assert endpoint(keyed=True)(look)(bare, None)["statusCode"] == 200
    assert [(it.customer_id, it.api_key_id) for it in seen] == [("", "k-1")]
    assert endpoint()(look)(bare, None)["statusCode"] == 401


@given(st.text() | st.just(f"{JOURNEY}\n"))
def test_free_text_never_enters_a_journey(text: str) -> None:
    taken = correlation_id_in({"x-correlation-id": text, "traceparent": text})
    assert is_uuid(taken)
    assert taken != text


def test_a_journey_in_capitals_is_the_same_journey() -> None:
    assert correlation_id_in({"x-correlation-id": JOURNEY.upper()}) == JOURNEY


@pytest.mark.parametrize(
    ("sent", "accepts"),
    [
        ({}, "Accept"),
        ({"Content-Type": "text/plain"}, "Accept"),
        ({"Content-Type": "application/jsonp"}, "Accept"),
        ({"Content-Type": "application/json, text/plain"}, "Accept"),
        ({"content-type": "application/json", "content-encoding": "gzip"}, "Accept-Encoding"),
    ],
)
def test_a_body_of_another_type_or_encoding_is_refused(sent: dict[str, str], accepts: str) -> None:
    answer = call(lambda it: Response(200, it.json(dict)), headers=sent, body="{}")
    assert (answer["statusCode"], accepts in answer["headers"]) == (415, True)


@pytest.mark.parametrize(
    "sent", ["application/json", "Application/JSON; charset=utf-8", "application/vnd.shop+json"]
)
def test_json_by_any_of_its_names_is_read(sent: str) -> None:
    headers = {"Content-Type": sent, "Content-Encoding": "identity"}
    assert call(lambda it: Response(200, it.json(dict)), headers=headers, body="{}") == {
        **call(lambda _: Response(200, {}), headers=headers, body="{}"),
        "headers": ANY,
    }


def test_head_is_answered_without_a_body() -> None:
    answer = call(lambda _: Response(200, {"a": 1}), httpMethod="HEAD")
    assert (answer["statusCode"], answer["body"]) == (200, "")


@pytest.mark.parametrize("origin", ["", "https://shop.example"])
def test_scripts_of_one_origin_may_read_answers_and_none_of_another(
    origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_ORIGIN", origin)
    environment.forget()
    try:
        headers = call(lambda _: Response(200))["headers"]
        refused = call(lambda _: (_ for _ in ()).throw(Refusal()))["headers"]
    finally:
        environment.forget()
    for answer in (headers, refused):
        assert answer.get("Access-Control-Allow-Origin", "") == origin
        assert ("Location" in answer.get("Access-Control-Expose-Headers", "")) == bool(origin)
        assert "Access-Control-Allow-Credentials" not in answer
