"""The messages' AsyncAPI document has every message, and says what the schemas say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from contracts.messages import ENVELOPE, published
from contracts.schemas import CURRENT, schemas_in
from tools.docgen import asyncapi

DOCUMENT = json.loads(asyncapi.FILE.read_text("utf-8"))
MESSAGES = DOCUMENT["components"]["messages"]
NAMES = [it.removesuffix(asyncapi.SUFFIX) for it in schemas_in(CURRENT) if it != ENVELOPE]


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for it in part.values():
            yield from references(it)
    elif isinstance(part, list):
        for it in part:
            yield from references(it)


def found(reference: str) -> Any:
    part = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        part = part[step]
    return part


def faults(name: str, message: Any) -> list[str]:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return [
        f"{it.json_path}: {it.message[:200]}" for it in Draft7Validator(schema).iter_errors(message)
    ]


def test_the_document_is_that_of_the_schemas() -> None:
    assert asyncapi.FILE.read_text("utf-8") == asyncapi.text()


def test_every_version_of_every_message_is_in_it_and_in_a_channel() -> None:
    channels = {name for it in DOCUMENT["channels"].values() for name in it["messages"]}
    assert set(MESSAGES) == channels == set(NAMES)
    assert {it["name"] for it in MESSAGES.values()} == {it.type for it in published()}


def test_every_reference_leads_somewhere() -> None:
    for reference in set(references(DOCUMENT)):
        assert found(reference)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_fits_and_one_without_its_envelope_or_data_does_not(name: str) -> None:
    assert MESSAGES[name]["examples"]
    for example in MESSAGES[name]["examples"]:
        message = example["payload"]
        assert faults(name, message) == []
        assert faults(name, {key: it for key, it in message.items() if key != "event_id"})
        assert faults(name, message | {"data": None})
        assert faults(name, message | {"type": "Another"})


def test_commands_are_taken_by_their_owners_and_answered_on_the_bus() -> None:
    taken = DOCUMENT["operations"]["inventory-commands-received"]
    assert taken["action"] == "receive"
    assert [it["$ref"].rpartition("/")[2] for it in taken["messages"]] == [
        "ReleaseStock.v1",
        "ReserveStock.v1",
    ]
    assert [it["$ref"] for it in taken["reply"]["messages"]] == [
        "#/channels/bus/messages/CommandReplied.v1"
    ]
