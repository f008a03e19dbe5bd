"""One OpenAPI 3.1 document for each service's API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.product import PRODUCT_TITLE
from stacks.services import machine_scopes, operator_scopes, scopes
from tools.base.workspace import CHECKOUT
from tools.docgen.openapi import forms, problems
from tools.docgen.openapi.answers import Answers
from tools.docgen.openapi.routes import Route, refusals, routes
from tools.docgen.openapi.typescript import components
from tools.docgen.openapi.written import Api, Common, NotWritten, Operation, names_in

VERSION = "1"
TOKEN, KEY = "token", "key"
ADDRESS = "The API's own address; the parameter `{service}/api-url` of the deployment has it."
OF_CUSTOMERS = (
    "An access token of the deployment's user pool: customers' apps get one by authorization code "
    "with PKCE, partners' systems by their client's own credentials. The addresses are the pool's "
    "own."
)
OF_OPERATORS = (
    "An access token of operators' own user pool, by authorization code with PKCE. Who changes "
    "something is in the group operators besides. The addresses are the pool's own."
)

Document = dict[str, Any]


def document(service: str, template: Mapping[str, Any], api: Api, common: Common) -> Document:
    """The document; its routes are the template's.

    Raises:
        NotWritten: a route is not described, or what is described is not there.
    """
    answers = Answers(
        {**problems.of_kit(), **problems.of_service(service.replace("-", "_"))},
        refusals(template),
    )
    described = dict(_described(service, routes(template), api))
    paths: dict[str, dict[str, Any]] = {}
    for route, (name, operation) in described.items():
        method = paths.setdefault(route.path, {})
        method[route.method.lower()] = _operation(name, operation, route, answers)
    made = {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": f"{PRODUCT_TITLE}: {api.title}",
            "version": VERSION,
            "description": api.description,
        },
        "servers": [
            {
                "url": "{address}",
                "description": ADDRESS.format(service=service),
                "variables": {"address": {"default": f"https://{service}.example"}},
            }
        ],
        "paths": paths,
    }
    return made | {"components": _components(made, list(described), api, common, answers)}


def _described(
    service: str, found: list[Route], api: Api
) -> Iterator[tuple[Route, tuple[str, Operation]]]:
    written = {it.route: (name, it) for name, it in api.operations.items()}
    there = {str(it): it for it in found}
    if missing := there.keys() - written.keys():
        raise NotWritten(
            f"contracts/apis/{service}.yaml does not describe {', '.join(sorted(missing))}"
        )
    if gone := written.keys() - there.keys():
        raise NotWritten(
            f"contracts/apis/{service}.yaml describes {', '.join(sorted(gone))}, which the "
            "template does not have"
        )
    return ((there[route], described) for route, described in written.items())


def _operation(name: str, written: Operation, route: Route, answers: Answers) -> dict[str, Any]:
    made: dict[str, Any] = {"operationId": name, "summary": written.summary}
    if written.description:
        made["description"] = written.description
    token = {} if route.has_key and not route.scopes else {TOKEN: list(route.scopes)}
    made["security"] = [token | ({KEY: []} if route.has_key else {})]
    if written.parameters:
        made["parameters"] = [
            {"$ref": f"#/components/parameters/{it}"} for it in written.parameters
        ]
    if written.body:
        schema = {"$ref": forms.REFERENCE.format(name=forms.name_of(written.body.form))}
        content = {"schema": schema, "example": written.body.example}
        made["requestBody"] = {"required": True, "content": {"application/json": content}}
    return made | {"responses": answers.of(written, route)}


def _components(
    made: Document, found: list[Route], api: Api, common: Common, answers: Answers
) -> dict[str, Any]:
    operations = api.operations.values()
    written = {it.body.form for it in operations if it.body}
    typed = components((CHECKOUT / api.types).read_text("utf-8")) if api.types else {}
    schemas = common.schemas | typed | api.schemas | forms.schemas(sorted(written))
    parameters = common.parameters | api.parameters
    named = {it for operation in operations for it in operation.parameters}
    headers = common.headers | api.headers
    shown = {it for operation in operations for a in operation.answers.values() for it in a.headers}
    if unknown := (named - parameters.keys()) | (shown - headers.keys()):
        raise NotWritten(f"{api.title}: nobody says what {', '.join(sorted(unknown))} is")
    kept = {
        "parameters": {name: it for name, it in parameters.items() if name in named},
        "headers": {name: it for name, it in headers.items() if name in shown | {answers.ALWAYS}},
        "responses": answers.shared,
    }
    mentioned = {*names_in(made), *names_in(kept)}
    return {
        "schemas": dict(_needed(mentioned, schemas)),
        **kept,
        "securitySchemes": _security(found),
    }


def _needed(names: set[str], schemas: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The schemas of these names, and those that they mention."""
    missing = set(names)
    wanted: set[str] = set()
    while missing:
        wanted |= missing
        if unknown := missing - schemas.keys():
            raise NotWritten(f"there is no schema {', '.join(sorted(unknown))}")
        missing = {it for name in missing for it in names_in(schemas[name])} - wanted
    return ((name, schema) for name, schema in schemas.items() if name in wanted)


def _flows(asked: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """How each kind of caller gets a token, and what may be in it."""
    token = {"tokenUrl": "https://login.example/oauth2/token"}
    if own := {it: what for it, what in (scopes() | operator_scopes()).items() if it in asked}:
        login = {"authorizationUrl": "https://login.example/oauth2/authorize", **token}
        yield "authorizationCode", {**login, "scopes": own}
    if machines := {it: what for it, what in machine_scopes().items() if it in asked}:
        yield "clientCredentials", {**token, "scopes": machines}


def _security(found: list[Route]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if asked := sorted({scope for route in found for scope in route.scopes}):
        made[TOKEN] = {
            "type": "oauth2",
            "description": OF_OPERATORS if operator_scopes().keys() & {*asked} else OF_CUSTOMERS,
            "flows": dict(_flows(asked)),
        }
    if any(route.has_key for route in found):
        made[KEY] = {
            "type": "apiKey",
            "in": "header",
            "name": "x-api-key",
            "description": "It says whose limits count; each caller has a plan for its own.",
        }
    return made
