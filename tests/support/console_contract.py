"""Whether an answer of the console's API is what `web/src/api.ts` says: the types, as JSON schemas.

It reads the little of TypeScript that the contract is written in: interfaces, literals, unions,
lists and records. An answer with a field more or less than its type does not fit.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from bundling.workspace import ROOT

CONTRACT = ROOT / "web" / "src" / "api.ts"
Schema = dict[str, Any]

_TOKEN = re.compile(r'"[^"]*"|\w+|\[\]|[{}<>:;|,=?]')
_SIMPLE: dict[str, Schema] = {
    "string": {"type": "string"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "null": {"type": "null"},
    "unknown": {},
}


def problems(type: str, answer: object) -> list[str]:
    """What of an answer does not fit a type of the contract, each with its path."""
    schema = schemas()
    assert type in schema["$defs"], f"the contract has no type {type}"
    validator = Draft202012Validator({**schema, "$ref": f"#/$defs/{type}"})
    errors = validator.iter_errors(answer)
    return sorted(f"{error.json_path}: {error.message[:200]}" for error in errors)


@cache
def schemas() -> Schema:
    """Every type of the contract by its name."""
    text = re.sub(r"//[^\n]*", "", CONTRACT.read_text("utf-8"))
    return {"$defs": dict(_declarations(_Reader(_TOKEN.findall(text))))}


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
        assert not expected or token in expected, f"{token!r} where {expected} was expected"
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
