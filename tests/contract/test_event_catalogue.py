"""The schemas are complete: each is sound, every message in the code has one, and none is idle."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts.schemas import CURRENT
from fulfilment.domain.steps import STEPS
from tests.support.contracts.event_schemas import (
    BASE,
    ENVELOPE,
    MESSAGES,
    SCHEMAS,
    example,
    languages,
    types,
    violations,
    violations_of,
)

LAMBDAS = Path(__file__).parents[2] / "lambdas"
ABOUT_A_PERSON = re.compile(
    r"name|e_?mail|phone|street|city|house|birth|gender|iban|card|comment|note(?!_code$)|message|text|"
    r"address(?!_id$)|postcode(?!_area$)|contact|recipient|addressee"
)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_sound_and_says_which_version_of_what_it_is(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == BASE + name
    assert schema["description"]
    if schema is not ENVELOPE:
        fields = schema["properties"]
        assert name == f"{schema['title']}.v{fields['schema_version']['const']}.schema.json"
        assert fields["type"] == {"const": schema["title"]}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda it: f"{it[0]} v{it[1]}")
def test_a_schema_gives_an_example_that_it_allows(message: tuple[str, int]) -> None:
    assert violations(example(*message), closed=True) == []


def test_what_is_not_of_the_schema_is_found() -> None:
    placed = example("OrderPlaced")
    assert violations({**placed, "version": None})
    assert violations({**placed, "data": {**placed["data"], "total": "2580"}})
    with_street = {**placed["data"]["ship_to"], "street": "x"}
    assert violations({**placed, "data": {**placed["data"], "ship_to": with_street}}) == []
    unpublished = {**placed, "data": {**placed["data"], "ship_to": with_street}}
    assert violations(unpublished, closed=True)
    assert violations({**placed, "trace": "x"}, closed=True)
    assert violations({**placed, "schema_version": 9}) == ["no schema for OrderPlaced of version 9"]


def test_every_type_of_message_in_the_code_has_a_schema_and_every_schema_a_message() -> None:
    events = {name for events in languages() for name in events.current}
    in_code = _types_in_code() | events | {step.command for step in STEPS.values()}
    assert in_code == {name for name, _ in MESSAGES}


def test_every_version_of_an_event_that_the_code_can_read_has_a_schema() -> None:
    readable = {it for events in languages() for it in {*events.current.items(), *events.upcasters}}
    assert readable == {it for it in MESSAGES if it[0] in types("event")}


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_message_has_a_field_for_anything_about_a_person(name: str) -> None:
    assert [field for field in _fields(SCHEMAS[name]) if ABOUT_A_PERSON.search(field)] == []


@pytest.mark.parametrize(
    "field", ["name", "last_name", "email", "street", "postcode", "address", "note"]
)
def test_a_field_about_a_person_would_be_found(field: str) -> None:
    data = {"type": "object", "properties": {"to": {"properties": {field: {"type": "string"}}}}}
    assert [it for it in _fields({"properties": {"data": data}}) if ABOUT_A_PERSON.search(it)]


def test_a_commands_answer_is_described_and_only_a_commands() -> None:
    for (name, _), schema in MESSAGES.items():
        assert ("x-refusals" in schema) == ("$defs" in schema) == (name in types("command"))


def test_the_folder_holds_schemas_and_nothing_else() -> None:
    assert {path.name for path in CURRENT.iterdir()} == set(SCHEMAS)
    assert violations_of(ENVELOPE, {}) != []


def _types_in_code() -> set[str]:
    return {
        name
        for path in LAMBDAS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        for name in _named_by(node)
    }


def _named_by(call: ast.Call) -> Iterator[str]:
    """`IntegrationEvent("StockReserved", ...)`, `caused_by(cause, "...")`, or an envelope."""
    called = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    named: list[ast.expr] = []
    if called in {"IntegrationEvent", "about_order"}:
        named = call.args[:1]
    elif called == "caused_by":
        named = call.args[1:2]
    elif called in {"Envelope", "replace"}:
        named = [it.value for it in call.keywords if it.arg == "type"]
    for it in named:
        if isinstance(it, ast.Constant) and isinstance(it.value, str):
            yield it.value


def _fields(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from _fields(part)
    elif isinstance(schema, dict):
        for key, part in schema.items():
            if key == "examples":
                continue
            if key == "properties":
                yield from part
            yield from _fields(part)
