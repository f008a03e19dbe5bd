"""The documents of the APIs say what the code says; their examples are right; nothing drifts."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable
from email.message import Message
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from tests.support.contracts.openapi_contract import OpenApi
from tests.support.drivers.offline import Answer
from tools.docgen.openapi import files, forms, problems, written
from tools.docgen.openapi.document import document
from tools.docgen.openapi.routes import routes
from tools.docgen.openapi.written import Api, NotWritten, Operation
from tools.docgen.services import Service
from tools.generate import snapshots

TEMPLATES = snapshots.of_dev()
SERVICES = written.services()
ORDERS = TEMPLATES["orders"]
OF_FILES = {(404, "no-such-resource")}
"""What the console answers to who asks for a file of its app that there is not: no operation."""
by_service = pytest.mark.parametrize("service", SERVICES)


def made(template: Any = ORDERS, api: Api | None = None) -> Any:
    return document("orders", template, api or written.api("orders"), written.common())


def test_every_api_has_a_document() -> None:
    apis = {it for it, template in TEMPLATES.items() if routes(template)}
    assert set(SERVICES) == apis


def test_an_api_that_nobody_describes_is_refused_with_the_file_to_write() -> None:
    found = {**TEMPLATES, "a-new-one": ORDERS}
    with pytest.raises(NotWritten, match=r"write .*contracts/apis/a-new-one\.yaml: an API without"):
        list(files.texts(Service(name, it) for name, it in found.items()))


def test_the_documents_are_those_that_the_code_gives() -> None:
    assert files.are_fresh([Service(name, it) for name, it in TEMPLATES.items()])


@by_service
def test_a_document_is_openapi(service: str) -> None:
    errors = Draft202012Validator(OPENAPI_31).iter_errors(OpenApi.of(service).document)
    assert [f"{it.json_path}: {it.message[:200]}" for it in errors] == []


@by_service
def test_paths_and_scopes_are_those_of_the_template(service: str) -> None:
    asked: dict[tuple[str, str], list[dict[str, list[str]]]] = {
        (it.method, it.path): [
            ({"token": [*it.scopes]} if it.scopes else {}) | ({"key": []} if it.has_key else {})
        ]
        for it in routes(TEMPLATES[service])
    }
    said = {
        (it.method, it.path): list(it.security) for it in OpenApi.of(service).operations.values()
    }
    assert said == asked
    assert all(it[0].get("token") != [] for it in said.values()), "a token without a scope"


@by_service
def test_every_problem_that_a_handler_raises_is_declared(service: str) -> None:
    raised = problems.of_service(service.replace("-", "_"))
    operations = OpenApi.of(service).operations.values()
    declared = {
        (int(status), kind)
        for operation in operations
        for status, answer in operation.responses.items()
        for content in answer.get("content", {}).values()
        for kind in content.get("examples", {})
    }
    assert {(it.status, it.kind) for it in raised.values()} <= declared | OF_FILES


@by_service
def test_examples_are_what_the_code_takes_and_the_schemas_say(service: str) -> None:
    api = OpenApi.of(service)
    for name, operation in written.api(service).operations.items():
        if operation.body:
            content = api.operations[name].body
            assert api.faults_of(content["schema"], content["example"]) == []
            msgspec.convert(content["example"], forms.form(operation.body.form))
        for status, answer in api.operations[name].responses.items():
            for content in answer.get("content", {}).values():
                named = content.get("examples", {"": {"value": content.get("example")}})
                for example in named.values():
                    faults = api.faults_of(content["schema"], example["value"], closed=True)
                    assert faults == [], (name, status)


@by_service
def test_links_lead_to_operations_that_take_what_they_bring(service: str) -> None:
    operations = OpenApi.of(service).operations
    for operation in operations.values():
        for answer in operation.responses.values():
            for link in answer.get("links", {}).values():
                named = {it["name"] for it in operations[link["operationId"]].parameters}
                assert link["parameters"].keys() <= named


def test_a_pattern_reads_in_ecmascript_as_in_python() -> None:
    form = made()["components"]["schemas"]["ShipToForm"]["properties"]
    assert form["country"]["pattern"] == "^[A-Z]{2}$"
    assert form["address_id"]["pattern"].endswith("[0-9a-f]{12}$")


def without(text: str, template: Any) -> Any:
    resources = {
        id: it
        for id, it in template["Resources"].items()
        if it["Type"] != "AWS::ApiGateway::Method" or text not in id
    }
    return {**template, "Resources": resources}


def test_a_route_that_is_gone_is_named() -> None:
    with pytest.raises(NotWritten, match=r"describes GET /v1/orders/\{order_id\}/history"):
        made(without("history", ORDERS))


def test_a_new_route_is_named() -> None:
    api = written.api("orders")
    fewer = {name: it for name, it in api.operations.items() if name != "cancelOrder"}
    with pytest.raises(NotWritten, match=r"not describe POST .*cancellation"):
        made(api=msgspec.structs.replace(api, operations=fewer))


def test_another_scope_changes_the_document() -> None:
    changed = copy.deepcopy(ORDERS)
    for it in changed["Resources"].values():
        if it["Type"] == "AWS::ApiGateway::Method":
            it["Properties"]["AuthorizationScopes"] = ["partners/orders"]
    place = made(changed)["paths"]["/v1/orders"]["post"]
    assert place["security"] == [{"token": ["partners/orders"]}]


def change(**changes: Any) -> Callable[[Operation], Operation]:
    return lambda it: msgspec.structs.replace(it, **changes)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (change(problems=("order-lost",)), "no handler raises order-lost"),
        (change(parameters=("Colour",)), "nobody says what Colour is"),
        (
            change(answers={202: written.Answer("?", schema="Nothing")}),
            "there is no schema Nothing",
        ),
        (
            change(body=written.Body("orders.handlers.requests:NoForm", {})),
            "there is no form orders.handlers.requests:NoForm",
        ),
    ],
)
def test_what_is_written_of_nothing_is_named(
    changed: Callable[[Operation], Operation], said: str
) -> None:
    api = written.api("orders")
    operations = api.operations | {"placeOrder": changed(api.operations["placeOrder"])}
    with pytest.raises(NotWritten, match=said):
        made(api=msgspec.structs.replace(api, operations=operations))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: A\ntitle: B", "title stands twice"),
        ("title: A\ndescription: B\noperations: {}\ncolour: red", "unknown field `colour`"),
        ("title: [", "expected"),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Any, text: str, said: str) -> None:
    (tmp_path / "orders.yaml").write_text(text)
    with pytest.raises(NotWritten, match=said):
        written.api("orders", tmp_path)


def answered(status: int, body: Any, **headers: str) -> Answer:
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return Answer(status, message, json.dumps(body).encode())


PLACED = {"order_id": str(uuid.uuid4()), "version": 1, "status": "placed", "currency": "EUR"}
HEADERS = {
    "Content_Type": "application/json",
    "X_Correlation_Id": str(uuid.uuid4()),
    "Location": "/v1/orders/1",
}


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (answered(202, {**PLACED, "total": 1}, **HEADERS), ""),
        (answered(202, PLACED, **HEADERS), "'total' is a required property"),
        (answered(202, {**PLACED, "total": -1}, **HEADERS), "-1 is less than the minimum"),
        (answered(202, {**PLACED, "total": 1, "more": 1}, **HEADERS), "'more' was unexpected"),
        (answered(201, {**PLACED, "total": 1}, **HEADERS), "201 is not declared"),
        (
            answered(202, {**PLACED, "total": 1}, **{**HEADERS, "Content_Type": "text/html"}),
            "text/html is not declared",
        ),
        (
            answered(202, {**PLACED, "total": 1}, **{**HEADERS, "X_Correlation_Id": "1"}),
            "X-Correlation-Id: $: '1' is not a 'uuid'",
        ),
        (
            answered(202, {**PLACED, "total": 1}, Content_Type="application/json"),
            "Location: is missing",
        ),
        (
            answered(404, {"type": "about:blank"}, Content_Type="application/problem+json"),
            "404 is not declared",
        ),
    ],
)
def test_an_answer_that_is_not_as_declared_is_found(answer: Answer, fault: str) -> None:
    api = OpenApi.of("orders")
    found = api.faults(api.operations["placeOrder"], answer)
    assert any(fault in it for it in found) if fault else found == []


def test_a_problem_of_another_kind_or_with_another_field_is_found() -> None:
    api = OpenApi.of("orders")
    place = api.operations["placeOrder"]
    [content] = place.responses["413"]["content"].values()
    example = content["examples"]["too-large"]["value"]
    problem = {"Content_Type": "application/problem+json"}
    assert api.faults(place, answered(413, example, **problem)) == []
    assert api.faults(place, answered(413, example | {"type": "x"}, **problem))
    assert api.faults(place, answered(413, example | {"hint": "x"}, **problem))
