"""Messages that a schema allows, made by Hypothesis from the keywords that our schemas use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from shared.messaging.envelope import LARGEST_VERSION
from tests.support.contracts.event_schemas import ENVELOPE, MESSAGES, data_schema
from tools.checks.contracts.compatibility import DESCRIBES

LARGEST = 2**53 - 1
"""What every reader of JSON understands as a whole number."""

FEW = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Schemas are many and small: a few examples of each find what is wrong."""

_NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=64)
CENTURY = (datetime(2000, 1, 1), datetime(2099, 12, 31))  # noqa: DTZ001 - Hypothesis wants none
BOUNDED = st.fixed_dictionaries(
    {
        "event_id": st.uuids().map(str),
        "aggregate_id": st.uuids().map(str),
        "occurred_at": st.datetimes(*CENTURY).map(
            lambda moment: f"{moment.isoformat(timespec='milliseconds')}Z"
        ),
        "correlation_id": _NAMES,
        "causation_id": st.none() | _NAMES,
        "traceparent": _NAMES,
    }
)
"""What readers ask of an envelope beyond the keywords of its schema, as its descriptions say."""

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


def valid(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the schema allows, fields that it does not name included.

    Raises:
        NotImplementedError: the schema uses a keyword that this does not know.
    """
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_of_type(kind, schema) for kind in kinds])


@cache  # a strategy is slow to make, and is asked for once an example
def valid_messages(message_type: str, version: int) -> st.SearchStrategy[dict[str, Any]]:
    """Whole messages of a type and version."""
    own = MESSAGES[message_type, version]
    fields = {**ENVELOPE["properties"], **own["properties"]}
    made = valid({"type": "object", "properties": fields, "required": list(fields)})
    return st.builds(_bounded, made, BOUNDED)


@cache
def valid_data(message_type: str, version: int) -> st.SearchStrategy[Any]:
    """What messages of a type and version may hold as their data."""
    return valid(data_schema(message_type, version))


def _bounded(message: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    version = message["version"] and min(message["version"], LARGEST_VERSION)
    return {**message, **fields, "version": version}


def _of_type(kind: str, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    known = {
        "null": set(),
        "boolean": set(),
        "integer": {"minimum", "maximum"},
        "string": {"pattern", "minLength", "maxLength"},
        "array": {"items", "minItems", "maxItems"},
        "object": {"properties", "required"},
    }
    if isinstance(schema["type"], str):
        unknown = set(schema) - known[kind] - DESCRIBES - {"type"}
        if unknown:
            raise NotImplementedError(f"{kind} with {', '.join(sorted(unknown))}")
    match kind:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum", -LARGEST), schema.get("maximum", LARGEST))
        case "string" if "[0-9a-f]{8}(-" in schema.get("pattern", ""):
            return st.uuids().map(str)
        case "string" if "pattern" in schema:
            return st.from_regex(schema["pattern"], fullmatch=True)
        case "string":
            alphabet = st.characters(exclude_categories=["Cs"])
            most = schema.get("maxLength", 20)
            return st.text(alphabet, min_size=schema.get("minLength", 0), max_size=most)
        case "array":
            most = min(schema.get("maxItems", 3), 3)
            return st.lists(
                valid(schema["items"]), min_size=schema.get("minItems", 0), max_size=most
            )
    return _objects(schema)


def _objects(schema: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    fields = {name: valid(part) for name, part in schema.get("properties", {}).items()}
    required = {name: fields[name] for name in schema.get("required", [])}
    optional = {name: part for name, part in fields.items() if name not in required}
    unknown = st.dictionaries(
        st.text(max_size=8).filter(lambda name: name not in fields), ANYTHING, max_size=2
    )
    named = st.fixed_dictionaries(required, optional=optional)
    return st.tuples(unknown, named).map(lambda parts: {**parts[0], **parts[1]})
