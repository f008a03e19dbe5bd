"""contracts/asyncapi.json: all messages as one AsyncAPI 3 document, made from their schemas.

Other tools read schemas as JSON Schema draft 7, where nothing counts beside a ``$ref``: so what a
message adds to the envelope stands beside it in an ``allOf``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from contracts.messages import (
    ENVELOPE,
    Message,
    commands_of,
    internal_messages_of,
    published,
    published_by,
)
from contracts.product import PRODUCT_TITLE
from contracts.schemas import CURRENT, HERE, Schema, schemas_in

FILE = HERE / "asyncapi.json"
SUFFIX = ".schema.json"
BUS = "bus"
ABOUT = (
    "What services tell each other. Events and replies are on the bus (EventBridge), each from its "
    "owner's source; orders' events are on the log (Kinesis) too, in order. Commands come by a "
    "queue (SQS) of the service that owns them. A message counts only from its owner."
)
BUS_ABOUT = "EventBridge; `source` says whose event it is, `detail-type` its type."
DROPPED = ("$schema", "$id", "$ref", "$defs", "title", "description", "examples")


def document() -> dict[str, Any]:
    """The document; every version of every message is in it."""
    schemas = schemas_in(CURRENT)
    messages = published()
    owners = sorted({it.owner for it in messages if " " not in it.owner})
    everything = {_name(file): it for file, it in schemas.items() if file != ENVELOPE}
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    spoken = [it for owner in owners for it in published_by(owner, messages)]
    _channel(channels, BUS, "The bus", BUS_ABOUT, _versions(spoken, everything))
    for owner in owners:
        if said := published_by(owner, messages):
            its = _versions(said, everything)
            about = f"{owner} says on the bus"
            operations[f"{owner}-publishes"] = _operation("send", BUS, about, its)
        for kind, found in (
            ("commands", commands_of(owner, messages)),
            ("internal", internal_messages_of(owner, messages)),
        ):
            if found:
                name, its = f"{owner}-{kind}", _versions(found, everything)
                about = "SQS" if kind == "commands" else "Between the service's own parts."
                _channel(channels, name, f"{owner}: {kind}", about, its)
                operations[f"{name}-received"] = _operation("receive", name, f"{owner} takes", its)
                if kind == "commands":
                    reply = _versions([it for it in messages if it.kind == "reply"], everything)
                    operations[f"{name}-received"]["reply"] = _place(BUS, reply)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"{PRODUCT_TITLE}: messages", "version": "1", "description": ABOUT},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {name: _message(name, it) for name, it in everything.items()},
            "schemas": {_name(file): _payload(it) for file, it in schemas.items()},
        },
    }


def text() -> str:
    """The file's content."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _versions(found: list[Message], everything: Mapping[str, Schema]) -> list[str]:
    types = {it.type for it in found}
    return [name for name, it in everything.items() if it["title"] in types]


def _channel(channels: dict[str, Any], name: str, title: str, about: str, names: list[str]) -> None:
    channels[name] = {
        "address": None,
        "title": title,
        "description": about,
        "messages": {it: {"$ref": f"#/components/messages/{it}"} for it in names},
    }


def _operation(action: str, channel: str, about: str, names: list[str]) -> dict[str, Any]:
    return {"action": action, "summary": about, **_place(channel, names)}


def _place(channel: str, names: list[str]) -> dict[str, Any]:
    return {
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{it}"} for it in names],
    }


def _message(name: str, schema: Schema) -> dict[str, Any]:
    return {
        "name": schema["title"],
        "title": name,
        "summary": schema.get("description", ""),
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "examples": [{"payload": it} for it in schema.get("examples", [])],
        **{key: schema[key] for key in ("x-kind", "x-owner", "x-refusals") if key in schema},
    }


def _payload(schema: Schema) -> dict[str, Any]:
    """A schema as draft 7 reads it."""
    own = {name: it for name, it in schema.items() if name not in DROPPED and name[:2] != "x-"}
    if "$ref" not in schema:
        return own
    return {"allOf": [{"$ref": f"#/components/schemas/{_name(schema['$ref'])}"}, own]}


def _name(file: str) -> str:
    """``OrderPlaced.v1``, say."""
    return file.removesuffix(SUFFIX)
