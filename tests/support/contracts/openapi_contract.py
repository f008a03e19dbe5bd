"""An API as its document in contracts/openapi says, for whoever calls it in a test."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from jsonschema import Draft202012Validator, FormatChecker

from tests.support.drivers.offline import Answer
from tools.docgen.openapi.files import FOLDER

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One method of one path, with all that it refers to in its place."""

    id: str
    method: str
    path: str
    parameters: tuple[Mapping[str, Any], ...]
    body: Any
    responses: Mapping[str, Mapping[str, Any]]
    security: tuple[Mapping[str, Any], ...]

    def target(self, values: Mapping[str, str]) -> str:
        """The path and query of a request with these parameters; else examples fill the path."""
        known = {it["name"]: it.get("example") for it in self.parameters if it["in"] == "path"}
        path = re.sub(
            r"\{(\w+)\}", lambda it: quote(str({**known, **values}[it[1]]), ""), self.path
        )
        query = {it["name"]: it.get("example") for it in self._in("query", values)}
        asked = {name: str(values.get(name, example)) for name, example in query.items()}
        return path + (f"?{urlencode(asked)}" if asked else "")

    def headers(self, values: Mapping[str, str]) -> dict[str, str]:
        """Those that are needed, or that have a value."""
        named = {it["name"]: it.get("example") for it in self._in("header", values)}
        return {name: str(values.get(name, example)) for name, example in named.items()}

    def _in(self, place: str, values: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        for it in self.parameters:
            if it["in"] == place and (it.get("required") or it["name"] in values):
                yield it

    @property
    def wants(self) -> set[str]:
        """The parameters in its path."""
        return set(re.findall(r"\{(\w+)\}", self.path))


@dataclass(frozen=True)
class OpenApi:
    """A document; its answers are judged strictly: what it does not declare must not come."""

    document: Document

    @classmethod
    def of(cls, service: str) -> OpenApi:
        """As it is committed."""
        return cls(json.loads((FOLDER / f"{service}.json").read_text("utf-8")))

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """By their ids, in the document's order."""
        return {
            it["operationId"]: Operation(
                it["operationId"],
                method.upper(),
                path,
                tuple(map(self.resolved, it.get("parameters", ()))),
                it.get("requestBody", {}).get("content", {}).get("application/json"),
                {status: self.resolved(answer) for status, answer in it["responses"].items()},
                tuple(it["security"]),
            )
            for path, its in self.document["paths"].items()
            for method, it in its.items()
        }

    def resolved(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference stands for; anything else is itself."""
        if "$ref" not in part:
            return part
        found: Any = self.document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return self.resolved(found)

    def faults_of(self, schema: Any, value: Any, *, closed: bool = False) -> list[str]:
        """What of a value does not fit; ``closed``: nor may there be a field that nobody named."""
        components = self.document["components"]
        if closed:
            schema, components = _closed(schema), _closed(components)
        validator = Draft202012Validator(
            {"allOf": [schema], "components": components}, format_checker=FormatChecker()
        )
        return [f"{it.json_path}: {it.message[:200]}" for it in validator.iter_errors(value)]

    def faults(self, operation: Operation, answer: Answer) -> list[str]:
        """What of an answer the document does not say."""
        declared = operation.responses.get(str(answer.status))
        if declared is None:
            return [f"{operation.id}: {answer.status} is not declared: {answer.body[:300]!r}"]
        found = [
            f"{name}: {fault}"
            for name, reference in declared.get("headers", {}).items()
            for header in [self.resolved(reference)]
            for value in [answer.headers[name]]
            for fault in (
                self.faults_of(header["schema"], value)
                if value is not None
                else ["is missing"] * bool(header.get("required"))
            )
        ]
        return found + self._faults_of_body(declared.get("content", {}), answer)

    def _faults_of_body(self, content: Mapping[str, Any], answer: Answer) -> list[str]:
        if not content:
            return [f"there is a body: {answer.body[:100]!r}"] * bool(answer.body)
        kind = answer.headers.get_content_type()
        if kind not in content:
            return [f"{kind} is not declared"]
        return self.faults_of(content[kind]["schema"], answer.json, closed=True)


def _closed(part: Any) -> Any:
    """A schema in which every object has its named fields only."""
    if isinstance(part, list):
        return [_closed(it) for it in part]
    if not isinstance(part, dict):
        return part
    # Parts of an `allOf` see the same object, of which each names some fields.
    made = {
        name: it if name == "allOf" else _closed(it)
        for name, it in part.items()
        if name not in ("example", "examples")
    }
    if isinstance(part.get("properties"), dict) and part.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made
