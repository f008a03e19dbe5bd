"""The schemas that AppConfig is given, and the forms that consumers read: they judge alike."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from shared.runtime.configuration import Profile, Refused
from tools.configuration.services import Configured, configured

SERVICES = list(configured().values())
WITH_SCHEMA = [
    pytest.param(service.schemas[profile.name], profile, id=f"{service.name} {profile.name}")
    for service in SERVICES
    for profile in service.profiles
    if profile.name in service.schemas
]
PROFILES = [
    pytest.param(profile, id=f"{service.name} {profile.name}")
    for service in SERVICES
    for profile in service.profiles
]
ANNOTATIONS = {"$schema", "id", "title", "description", "default"}
JUDGING = {"type", "properties", "additionalProperties", "items", "enum", "pattern"}
JUDGING |= {"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"}
"""The keywords of draft 4 that are in use; a later draft's would be passed over in silence."""


def schemas_in(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema and those inside of it."""
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from schemas_in(inner)
    if "items" in schema:
        yield from schemas_in(schema["items"])


@pytest.mark.parametrize("service", SERVICES, ids=lambda it: it.name)
def test_settings_have_a_schema_and_flags_have_none(service: Configured) -> None:
    # AppConfig holds flags to a schema of its own, and admits no other.
    assert set(service.schemas) == {"settings"}


@pytest.mark.parametrize(("schema", "profile"), WITH_SCHEMA)
def test_a_schema_is_one_of_draft_4(schema: dict[str, Any], profile: Profile[Any]) -> None:
    assert schema["$schema"] == "http://json-schema.org/draft-04/schema#"
    Draft4Validator.check_schema(schema)
    for part in schemas_in(schema):
        assert part.keys() <= ANNOTATIONS | JUDGING
        assert part["type"] != "object" or part["additionalProperties"] is False


@pytest.mark.parametrize(("schema", "profile"), WITH_SCHEMA)
def test_a_schema_has_the_fields_of_the_form_in_its_words(
    schema: dict[str, Any], profile: Profile[Any]
) -> None:
    assert schema["title"]
    assert schema["description"]
    names = [field.encode_name for field in msgspec.structs.fields(profile.form)]
    assert list(schema["properties"]) == names
    source = inspect.getsource(profile.form)
    for its in schema["properties"].values():
        assert its["description"].partition(";")[0].rstrip(".") in source


@pytest.mark.parametrize("profile", PROFILES)
def test_a_document_may_leave_everything_out(profile: Profile[Any]) -> None:
    assert profile.read(b"{}") == profile.form()


@pytest.mark.parametrize("profile", PROFILES)
def test_an_unknown_field_is_refused_wherever_it_is(profile: Profile[Any]) -> None:
    for document in ({"unknown": 1}, *_with_an_unknown_part(profile)):
        with pytest.raises(Refused, match="unknown"):
            profile.read(json.dumps(document).encode())


def _with_an_unknown_part(profile: Profile[Any]) -> Iterator[dict[str, Any]]:
    for name, value in msgspec.to_builtins(profile.form()).items():
        if isinstance(value, dict) and value:  # an empty one is by names that are data
            yield {name: {**value, "unknown": 1}}


def _around(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a schema's type, most of them near its limits."""
    kind = schema["type"]
    if kind in ("integer", "number"):
        limits = [schema["minimum"], schema["maximum"]]
        near = st.sampled_from(
            [limit + step for limit in limits for step in (-1, -0.001, 0, 0.001, 1)]
        )
        return st.integers() | st.floats(allow_nan=False, allow_infinity=False) | near
    if kind == "string":
        return st.text() | st.integers(0, schema["maxLength"] + 2).map(lambda n: "x" * n)
    if kind == "array":
        return st.lists(_around(schema["items"]), max_size=schema["maxItems"] + 2)
    if kind == "object":
        inner = schema["properties"].items()
        return st.fixed_dictionaries({}, optional={name: _around(its) for name, its in inner})
    return st.booleans()


def _at_the_limits(schema: dict[str, Any]) -> Iterator[Any]:
    """The values beside each limit of a schema, on both sides of it."""
    match schema["type"]:
        case "integer" | "number":
            for limit in (schema["minimum"], schema["maximum"]):
                yield from (limit - 1, limit - 0.001, limit, limit + 0.001, limit + 1)
        case "string":
            for length in (schema.get("minLength", 0), schema["maxLength"]):
                yield from ("x" * max(0, length + step) for step in (-1, 0, 1))
        case "array":
            inner = list(_at_the_limits(schema["items"]))
            yield from ([it] for it in inner)
            for length in (schema.get("minItems", 0), schema["maxItems"]):
                for step in (-1, 0, 1):
                    yield [f"x{number}" for number in range(max(0, length + step))]
        case "object":
            for name, its in schema["properties"].items():
                yield from ({name: it} for it in _at_the_limits(its))
        case _:
            yield from (True, False, 0, 1, "true", None)


@pytest.mark.parametrize(("schema", "profile"), WITH_SCHEMA)
def test_the_limits_are_the_same(schema: dict[str, Any], profile: Profile[Any]) -> None:
    for name, its in schema["properties"].items():
        for value in _at_the_limits(its):
            document = {name: value}
            try:
                msgspec.json.decode(json.dumps(document).encode(), type=profile.form)
                is_of_the_form = True
            except msgspec.ValidationError:
                is_of_the_form = False
            assert Draft4Validator(schema).is_valid(document) == is_of_the_form, document


_ANYTHING = st.none() | st.booleans() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)


@pytest.mark.parametrize(("schema", "profile"), WITH_SCHEMA)
@settings(max_examples=150)
@given(data=st.data())
def test_what_appconfig_lets_pass_is_of_the_form_and_what_is_right_it_lets_pass(
    schema: dict[str, Any], profile: Profile[Any], data: st.DataObject
) -> None:
    documents = st.fixed_dictionaries(
        {}, optional={name: _around(its) | _ANYTHING for name, its in schema["properties"].items()}
    )
    document = data.draw(documents | st.dictionaries(st.text(max_size=5), _ANYTHING, max_size=2))
    content = json.dumps(document).encode()
    passes = Draft4Validator(schema).is_valid(json.loads(content))
    if passes:
        msgspec.json.decode(content, type=profile.form)
    try:
        profile.read(content)
    except Refused:
        return
    assert passes
