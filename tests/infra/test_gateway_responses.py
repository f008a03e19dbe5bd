"""What a gateway refuses by itself is a problem document too, also where no emulator refuses it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk.aws_apigateway import ResponseType

from contracts.product import PROBLEM_TYPES
from tests.infra.system import CONTEXT, Resource, System
from tests.support.drivers.routes import path_of

HEADER = "method.response.header."
STATUS = {
    "UNAUTHORIZED": 401,
    "EXPIRED_TOKEN": 401,
    "ACCESS_DENIED": 403,
    "INVALID_API_KEY": 403,
    "INVALID_SIGNATURE": 403,
    "WAF_FILTERED": 403,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "RESOURCE_NOT_FOUND": 404,
    "REQUEST_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "THROTTLED": 429,
    "QUOTA_EXCEEDED": 429,
    "INTEGRATION_FAILURE": 504,
    "INTEGRATION_TIMEOUT": 504,
    "API_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_FAILURE": 500,
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
}


def test_every_kind_of_refusal_that_the_gateway_knows_has_an_answer_of_its_own() -> None:
    known = [getattr(ResponseType, name) for name in dir(ResponseType) if name.isupper()]
    assert {it.response_type for it in known} == set(STATUS)


@pytest.mark.parametrize("response_type", STATUS)
def test_every_api_answers_with_a_problem_document(response_type: str, system: System) -> None:
    answers = list(responses(system, response_type))
    apis = [it for t in system.templates.values() for it in t.resources("AWS::ApiGateway::RestApi")]
    assert len(answers) == len(apis) > 0
    for answer in answers:
        headers = {
            name.removeprefix("gatewayresponse.header."): value
            for name, value in answer["ResponseParameters"].items()
        }
        assert headers["Content-Type"] == "'application/problem+json'"
        assert headers["Strict-Transport-Security"] == "'max-age=63072000; includeSubDomains'"
        document = json.loads(
            answer["ResponseTemplates"]["application/json"].replace(
                "$context.error.messageString", '"why"'
            )
        )
        status = STATUS[response_type]
        assert answer.get("StatusCode") == (str(status) if status else None)
        assert document.get("status") == status
        assert document["type"].startswith(PROBLEM_TYPES)
        assert document["title"]
        if response_type == "MISSING_AUTHENTICATION_TOKEN":  # its own words speak of a token
            assert document["detail"] == "this API has no resource with this method and path"
        else:
            assert document["detail"] == "why"
        assert document["correlation_id"] == "$context.requestId"
        assert ("Retry-After" in headers) == (status == 429)


def responses(system: System, response_type: str) -> Iterator[Any]:
    """The gateway responses of this type, one from each API."""
    for template in system.templates.values():
        resource: Resource
        for resource in template.resources("AWS::ApiGateway::GatewayResponse"):
            if resource.properties["ResponseType"] == response_type:
                yield resource.properties


def test_scripts_of_one_origin_may_call_what_customers_call(system: System) -> None:
    origin = f"'{CONTEXT['web_origins'][system.environment]}'"
    for template in system.templates.values():
        answers = [
            it.properties["Integration"]["IntegrationResponses"][0]["ResponseParameters"]
            for it in template.resources("AWS::ApiGateway::Method")
            if it.properties["Integration"]["Type"] == "MOCK"
        ]
        allowed = {it.get(f"{HEADER}Access-Control-Allow-Origin") for it in answers}
        if template.service in ("shipping", "console"):  # systems, and an app of the same origin
            assert allowed == {None}
        elif answers:
            assert allowed == {origin}
        for answer in answers:
            assert answer[f"{HEADER}Strict-Transport-Security"]
            assert "OPTIONS" in answer[f"{HEADER}Allow"]
            methods = answer.get(f"{HEADER}Access-Control-Allow-Methods")
            assert methods in (None, answer[f"{HEADER}Allow"])


def test_each_path_that_leads_somewhere_says_what_else_there_is(system: System) -> None:
    for template in system.templates.values():
        methods: dict[str, set[str]] = {}
        for it in template.resources("AWS::ApiGateway::Method"):
            path = path_of(template.body["Resources"], it.body)
            methods.setdefault(path, set()).add(it.properties["HttpMethod"])
        for path, found in methods.items():
            assert {"ANY", "OPTIONS"} <= found, (template.service, path)
            assert ("GET" in found) == ("HEAD" in found), (template.service, path)
