"""What an API answers by itself on each of its paths: OPTIONS, and methods that are not there."""

import json
from collections.abc import Mapping

from aws_cdk import aws_apigateway as apigateway

from contracts.product import PROBLEM_TYPES
from stacks.constructs.acknowledgment import acknowledge

BROWSERS: Mapping[str, str] = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
"""What the gateway tells browsers with each answer of its own; functions say the same."""
SENT_BY_SCRIPTS = "Authorization, Content-Type, Idempotency-Key, X-Correlation-Id, traceparent"
READ_BY_SCRIPTS = "Location, Retry-After, X-Correlation-Id, Allow"
REMEMBERED_SECONDS = 7200
"""Browsers keep a preflight's answer for no longer."""
TYPES = ("application/json", "text/plain", "application/x-www-form-urlencoded", "application/xml")
"""Of bodies: with another type an unknown method is refused for the type, as 415."""
NOT_ALLOWED = {
    "type": PROBLEM_TYPES + "method-not-allowed",
    "title": "There is no such method here",
    "status": 405,
    "detail": "the header Allow names the methods that there are",
    "correlation_id": "$context.requestId",
}


def read_from(origin: str) -> dict[str, str]:
    """Headers by which scripts of one origin may read an answer."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": READ_BY_SCRIPTS,
    }


class OtherMethods:
    """Says on each path what its methods are; no function is asked for it, and nobody who they are.

    Scripts of ``origin`` may call the API, and of no other; None is for an API of no other origin.
    """

    def __init__(self, headers: Mapping[str, str], *, origin: str | None) -> None:
        self._headers = {**BROWSERS, "Cache-Control": "no-store", **headers}
        self._origin = origin
        self._methods: dict[str, set[str]] = {}
        self._answers: dict[str, list[apigateway.Method]] = {}

    def beside(self, resource: apigateway.IResource, method: str) -> None:
        """Count a method of a path among those that there are."""
        found = self._methods.setdefault(resource.path, {"OPTIONS"})
        found.add(method)
        if resource.path not in self._answers:
            self._answers[resource.path] = [self._options(resource), self._any(resource)]
        allowed = ", ".join(sorted(found))
        for answer in self._answers[resource.path]:
            self._tell(answer, "Allow", allowed)
        if self._origin:
            self._tell(self._answers[resource.path][0], "Access-Control-Allow-Methods", allowed)

    def _options(self, resource: apigateway.IResource) -> apigateway.Method:
        headers = dict(self._headers)
        if self._origin:
            headers |= {
                **read_from(self._origin),
                "Access-Control-Allow-Methods": "",
                "Access-Control-Allow-Headers": SENT_BY_SCRIPTS,
                "Access-Control-Max-Age": str(REMEMBERED_SECONDS),
            }
        return _answer(resource, "OPTIONS", 204, headers, {})

    def _any(self, resource: apigateway.IResource) -> apigateway.Method:
        headers = {**self._headers, "Content-Type": "application/problem+json"}
        if self._origin:
            headers |= read_from(self._origin)
        return _answer(resource, "ANY", 405, headers, {"application/json": json.dumps(NOT_ALLOWED)})

    @staticmethod
    def _tell(answer: apigateway.Method, header: str, value: str) -> None:
        resource = answer.node.default_child
        assert isinstance(resource, apigateway.CfnMethod)
        resource.add_property_override(
            "Integration.IntegrationResponses.0.ResponseParameters."
            f"method\\.response\\.header\\.{header}",
            f"'{value}'",
        )


def _answer(
    resource: apigateway.IResource,
    method: str,
    status: int,
    headers: Mapping[str, str],
    templates: Mapping[str, str],
) -> apigateway.Method:
    names = {f"method.response.header.{it}": True for it in ("Allow", *headers)}
    added = resource.add_method(
        method,
        apigateway.MockIntegration(
            # A body of a type without a template would be taken for one that says a status.
            passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
            request_templates={it: json.dumps({"statusCode": status}) for it in TYPES},
            integration_responses=[
                apigateway.IntegrationResponse(
                    status_code=str(status),
                    response_parameters={
                        f"method.response.header.{name}": f"'{value}'"
                        for name, value in headers.items()
                    },
                    response_templates=dict(templates) or None,
                )
            ],
        ),
        authorization_type=apigateway.AuthorizationType.NONE,
        method_responses=[
            apigateway.MethodResponse(status_code=str(status), response_parameters=names)
        ],
    )
    # cdk-nag knows preflights by their headers, and asks no user pool for an OPTIONS.
    preflight = method == "OPTIONS" and any(it.startswith("Access-Control-") for it in headers)
    rules = [] if preflight else ["AwsSolutions-APIG4"]
    rules += ["AwsSolutions-COG4"] if method != "OPTIONS" else []
    if rules:
        acknowledge(
            added,
            "It says which methods a path has, which is no secret, and reaches nothing behind it.",
            *rules,
        )
    return added
