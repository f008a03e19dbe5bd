"""The published schemas of all messages, as tests read them and hold messages to them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from bundling.sources import languages_in
from contracts.product import PRODUCT
from contracts.schemas import CURRENT, schemas_in
from shared.messaging.envelope import Envelope
from shared.messaging.event_schemas import EventSchemas
from tools.base.workspace import CHECKOUT

BASE = f"https://{PRODUCT}.example/contracts/events/"
SCHEMAS = schemas_in(CURRENT)
ENVELOPE = SCHEMAS["Envelope.v1.schema.json"]
MESSAGES = {
    (str(schema["title"]), int(schema["properties"]["schema_version"]["const"])): schema
    for name, schema in SCHEMAS.items()
    if schema is not ENVELOPE
}
"""By type and version."""


def types(*kinds: str, owner: str | None = None) -> frozenset[str]:
    """The types of messages of these kinds: event, fact, command ...; of one owner or all."""
    return frozenset(
        name
        for (name, _), schema in MESSAGES.items()
        if schema["x-kind"] in kinds and owner in (None, schema["x-owner"])
    )


def languages() -> list[EventSchemas]:
    """The events of each aggregate, as its published language has them; not every one has any."""
    lambdas = CHECKOUT / "lambdas"
    return [
        it
        for name in languages_in(lambdas)
        if (lambdas / name / "schemas.py").exists()
        for it in vars(import_module(f"{name}.schemas")).values()
        if isinstance(it, EventSchemas)
    ]


def newest(message_type: str) -> Mapping[str, Any]:
    """The schema of the type's newest version."""
    version = max(version for name, version in MESSAGES if name == message_type)
    return MESSAGES[message_type, version]


def data_schema(message_type: str, version: int) -> Any:
    """The schema of a message's data alone."""
    return MESSAGES[message_type, version]["properties"]["data"]


def example(message_type: str, version: int = 1) -> dict[str, Any]:
    """The message that the schema gives as its example."""
    message: dict[str, Any] = MESSAGES[message_type, version]["examples"][0]
    return message


def envelope(message: Mapping[str, Any]) -> Envelope:
    """The message as handlers get it."""
    return msgspec.convert(message, Envelope)


def violations(message: Envelope | Mapping[str, Any], *, closed: bool = False) -> list[str]:
    """What is wrong with a message by the schema that its type and version name.

    ``closed`` also finds fields that the schema does not name: readers pass them over, but whoever
    sends them has not published them.
    """
    content: Any = msgspec.to_builtins(message)
    schema = MESSAGES.get((content["type"], content["schema_version"]))
    if schema is None:
        return [f"no schema for {content['type']} of version {content['schema_version']}"]
    return violations_of(_closed(schema) if closed else schema, content)


def violations_of(schema: Mapping[str, Any], content: Any) -> list[str]:
    """What is wrong with any content by any of our schemas."""
    validator = Draft202012Validator(schema, registry=_registry())
    return sorted(f"{error.json_path}: {error.message}" for error in validator.iter_errors(content))


def closed(schema: Any) -> Any:
    """The same, but every object that names its fields has no others."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {
        key: {name: closed(part) for name, part in value.items()}
        if key == "properties"
        else closed(value)
        for key, value in schema.items()
    }
    return parts | ({"additionalProperties": False} if "properties" in parts else {})


def _closed(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message with its data closed, and the envelope's fields as the only others."""
    data = closed(schema["properties"]["data"])
    return {
        **schema,
        "properties": {**schema["properties"], "data": data},
        "propertyNames": {"enum": list(ENVELOPE["properties"])},
    }


@cache
def _registry() -> Registry[Any]:
    return Registry().with_resources(
        (BASE + name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
    )
