"""A contract that is written in TypeScript, as JSON schemas.

A web app is compiled against it, so that app and document cannot differ. What is read of the
language: interfaces, literals, unions, lists and records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tools.docgen.openapi.forms import REFERENCE
from tools.docgen.openapi.written import NotWritten, Schema

_TOKEN = re.compile(r'"[^"]*"|\w+|\[\]|[{}<>:;|,=?]')
_SIMPLE: dict[str, Schema] = {
    "string": {"type": "string"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "null": {"type": "null"},
    "unknown": {},
}
_HERE = "#/$defs/"


def definitions(text: str) -> dict[str, Schema]:
    """Every type of the contract by its name; an object has no field that its type does not name.

    Raises:
        NotWritten: it has something else than the little of TypeScript that is read here.
    """
    return dict(_declarations(_Reader(_TOKEN.findall(re.sub(r"//[^\n]*", "", text)))))


def components(text: str) -> dict[str, Schema]:
    """The same as OpenAPI's documents have schemas: whoever reads an answer passes over a field
    that is new. Raises NotWritten.
    """
    return {name: _component(it) for name, it in definitions(text).items()}


def _component(part: Any) -> Any:
    if isinstance(part, list):
        return [_component(it) for it in part]
    if not isinstance(part, Mapping):
        return part
    if "$ref" in part:
        return {"$ref": REFERENCE.format(name=part["$ref"].removeprefix(_HERE))}
    made = {
        name: _component(it)
        for name, it in part.items()
        if (name, it) != ("additionalProperties", False)
    }
    words = [it["const"] for it in made.get("anyOf", ()) if "const" in it]
    if not words:
        return made
    others = [it for it in made["anyOf"] if "const" not in it]
    enum = {"type": "string", "enum": words}
    return {"anyOf": [enum, *others]} if others else enum


class _Reader:
    """The contract's words, one after the other."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.next
        if expected and token not in expected:
            raise NotWritten(f"the contract in TypeScript has {token!r} where {expected} belongs")
        self._at += 1
        return token

    def takes(self, token: str) -> bool:
        if self.next == token:
            self._at += 1
            return True
        return False


def _declarations(reader: _Reader) -> list[tuple[str, Schema]]:
    found = []
    while reader.next:
        reader.take("export")
        kind, name = reader.take("interface", "type"), reader.take()
        if kind == "type":
            reader.take("=")
            found.append((name, _union(reader)))
            reader.take(";")
        else:
            found.append((name, _object(reader)))
    return found


def _union(reader: _Reader) -> Schema:
    members = [_listed(reader)]
    while reader.takes("|"):
        members.append(_listed(reader))
    return members[0] if len(members) == 1 else {"anyOf": members}


def _listed(reader: _Reader) -> Schema:
    schema = _single(reader)
    while reader.takes("[]"):
        schema = {"type": "array", "items": schema}
    return schema


def _single(reader: _Reader) -> Schema:
    if reader.next == "{":
        return _object(reader)
    word = reader.take()
    if word == "Record":
        reader.take("<")
        names = _union(reader)
        reader.take(",")
        values = _union(reader)
        reader.take(">")
        return {"type": "object", "propertyNames": names, "additionalProperties": values}
    if word.startswith('"'):
        return {"const": json.loads(word)}
    return _SIMPLE.get(word) or ({} if word == "unknown" else {"$ref": f"#/$defs/{word}"})


def _object(reader: _Reader) -> Schema:
    reader.take("{")
    properties: dict[str, Schema] = {}
    required = []
    while not reader.takes("}"):
        name = reader.take()
        if not reader.takes("?"):
            required.append(name)
        reader.take(":")
        properties[name] = _union(reader)
        reader.takes(";")
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
