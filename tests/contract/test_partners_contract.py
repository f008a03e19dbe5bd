"""Partners' contract says what the service takes and answers, and what its gateway asks for."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from partners.handlers.requests import CustomerForm, OrderForm, WebhookForm
from tests.support.containers import with_containers
from tests.support.drivers.partners_driver import Others, order, running
from tools.base.workspace import CHECKOUT
from tools.containers import environment, proto
from tools.docgen.openapi import forms
from tools.emulator.partners.manifests import RENDERED, read

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (CHECKOUT / "contracts" / "gateway" / "partners.yaml").read_text("utf-8")
)
OPERATIONS = [
    (method, path) for path, methods in DOCUMENT["paths"].items() for method in sorted(methods)
]
FORMS = {
    ("post", "/v1/partner-orders"): OrderForm,
    ("put", "/v1/partner-customers/{reference}"): CustomerForm,
    ("put", "/v1/partner-webhook"): WebhookForm,
}
WEBHOOK = {"url": "https://hooks.example/orders", "secret": "whsec_" + "a" * 32}
NOBODYS = "https://nobody.example/orders"


def test_it_is_openapi() -> None:
    assert list(Draft202012Validator(OPENAPI_31).iter_errors(DOCUMENT)) == []


def test_its_forms_are_those_by_which_the_service_parses() -> None:
    names = [f"partners.handlers.requests:{it.__name__}" for it in FORMS.values()]
    made = forms.schemas(names)
    assert {name: DOCUMENT["components"]["schemas"][name] for name in made} == made


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_examples_are_what_the_service_takes(method: str, path: str) -> None:
    body = DOCUMENT["paths"][path][method].get("requestBody")
    assert (body is not None) == ((method, path) in FORMS)
    if body:
        msgspec.convert(body["content"]["application/json"]["example"], FORMS[method, path])


def test_its_key_is_the_one_that_the_gateway_asks_for() -> None:
    edge = read(RENDERED.read_text("utf-8"))
    asked = {name for it in edge.routes for name in it.plugins["key-auth"]["key_names"]}
    assert asked == {DOCUMENT["components"]["securitySchemes"]["key"]["name"]}
    prefixes = tuple(it for route in edge.routes for it in route.prefixes)
    assert all(path.startswith(prefixes) for _, path in OPERATIONS)
    assert all(any(path.startswith(it) for _, path in OPERATIONS) for it in prefixes)


@with_containers
def test_its_operations_are_the_services_routes() -> None:
    program = (
        "import json; from partners.handlers.routes import Others, Routes;"
        "print(json.dumps([[m.lower(), p] for m, p, _ in Routes(Others(*[None] * 7)).all()]))"
    )
    paths = (CHECKOUT / "lambdas", CHECKOUT / "containers", proto.generated())
    code = f"import sys; sys.path[:0] = {list(map(str, paths))}; {program}"
    said = environment.run((environment.PYTHON, "-c", code))
    assert sorted(map(tuple, json.loads(said))) == sorted(OPERATIONS)


@with_containers
def test_what_is_answered_is_what_it_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    person = {"name": "A Shopper", "email": "a@example.com"}
    wish = order()
    calls: list[tuple[str, str, str, Any]] = [
        ("put", "/v1/partner-customers/{reference}", "/v1/partner-customers/s-1", person),
        ("put", "/v1/partner-customers/{reference}", "/v1/partner-customers/a%20b", person),
        ("put", "/v1/partner-customers/{reference}", "/v1/partner-customers/s-1", {"name": 1}),
        ("post", "/v1/partner-orders", "/v1/partner-orders", wish),
        ("post", "/v1/partner-orders", "/v1/partner-orders", {**wish, "lines": []}),
        ("get", "/v1/partner-orders", "/v1/partner-orders?customer=s-1", None),
        ("get", "/v1/partner-orders", "/v1/partner-orders", None),
        ("get", "/v1/partner-orders/{order_id}", "/v1/partner-orders/x?customer=s-1", None),
        ("delete", "/v1/partner-customers/{reference}", "/v1/partner-customers/s-1", None),
        ("put", "/v1/partner-webhook", "/v1/partner-webhook", WEBHOOK),
        ("put", "/v1/partner-webhook", "/v1/partner-webhook", {"url": "https://a.example"}),
        ("put", "/v1/partner-webhook", "/v1/partner-webhook", {**WEBHOOK, "url": NOBODYS}),
        ("delete", "/v1/partner-webhook", "/v1/partner-webhook", None),
        ("get", "/v1/partner-availability", "/v1/partner-availability?skus=CUP,POT", None),
        ("get", "/v1/partner-availability", "/v1/partner-availability?skus=a%20b", None),
        ("get", "/v1/partner-availability", "/v1/partner-availability", None),
    ]
    with running(tmp_path_factory.mktemp("contract"), Others()) as partners:
        for method, path, target, body in calls:
            answer = partners.call(method.upper(), target, body, "key-of-tailspin")
            said = DOCUMENT["paths"][path][method]["responses"].get(str(answer.status))
            assert said, (method, target, answer.status, answer.body)
            content = said.get("content", {})
            if not content:
                assert answer.body == b""
                continue
            kind = answer.headers["Content-Type"].partition(";")[0]
            schema = {**content[kind]["schema"], "components": DOCUMENT["components"]}
            Draft202012Validator(schema).validate(answer.json)
