"""What a gateway refuses by itself is a problem document too, also where no emulator refuses it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.product import PROBLEM_TYPES
from tests.infra.system import Resource, System

STATUS = {
    "UNAUTHORIZED": 401,
    "EXPIRED_TOKEN": 401,
    "ACCESS_DENIED": 403,
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "RESOURCE_NOT_FOUND": 404,
    "REQUEST_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "THROTTLED": 429,
    "QUOTA_EXCEEDED": 429,
    "INTEGRATION_FAILURE": 504,
    "INTEGRATION_TIMEOUT": 504,
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
}


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
