"""Finds what of an API's new document would break those who call it as the released one says.

What a caller sends must still be taken: requests may only become wider. What a caller gets must
still be understood: answers may only become narrower, or have a field more. A further problem is
none of either: callers know that requests can be refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from contracts.schemas import Schema, Schemas
from tools.checks.contracts.compatibility import LOWER_BOUNDS, UPPER_BOUNDS

Direction = Literal["request", "answer"]
MEDIA = "application/json"
EXACT = ("pattern", "format", "const", "multipleOf", "uniqueItems")
"""Keywords of which nobody can say which of two values is the wider one."""


def breaking_api_changes(released: Schemas, current: Schemas) -> list[str]:
    """One sentence for each, naming document, operation and place; a new document is none."""
    return [
        f"{name}: {change}"
        for name, document in sorted(released.items())
        for change in (
            _Comparison(document, current[name]).changes()
            if name in current
            else ["the API is gone, though its callers are not"]
        )
    ]


@dataclass(frozen=True)
class _Comparison:
    """Two documents of one API."""

    old: Schema
    new: Schema

    def changes(self) -> Iterator[str]:
        after = dict(_operations(self.new))
        for route, before in _operations(self.old):
            if route not in after:
                yield f"{route}: the operation was removed"
            else:
                for change in self._of_operation(before, after[route]):
                    yield f"{route}: {change}"

    def _of_operation(self, old: Schema, new: Schema) -> Iterator[str]:
        if old.get("operationId") != new.get("operationId"):
            yield "operationId is another, and clients' methods are called after it"
        if _security(old) != _security(new):
            yield f"it asks for {_security(new)} in place of {_security(old)}"
        yield from self._of_parameters(old, new)
        yield from self._of_body(old, new)
        yield from self._of_answers(old["responses"], new["responses"])

    def _of_parameters(self, old: Schema, new: Schema) -> Iterator[str]:
        before, after = self._parameters(self.old, old), self._parameters(self.new, new)
        for key in sorted(before.keys() - after.keys()):
            yield f"parameter {key[1]}: it was removed"
        for key, it in sorted(after.items()):
            if it.get("required") and not before.get(key, {}).get("required"):
                yield f"parameter {key[1]}: it is required now"
            if key in before:
                yield from self._of_schema(
                    before[key]["schema"], it["schema"], f"parameter {key[1]}", "request"
                )

    def _of_body(self, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("requestBody"), new.get("requestBody")
        if after and not before:
            yield "a body is required now"
        if before and not after:
            yield "the body is not read any more"
        if before and after:
            if MEDIA not in after["content"]:
                yield f"the body is not {MEDIA} any more"
            else:
                old, new = (it["content"][MEDIA]["schema"] for it in (before, after))
                yield from self._of_schema(old, new, "the body", "request")

    def _of_answers(self, old: Schema, new: Schema) -> Iterator[str]:
        for status in sorted(new.keys() - old.keys()):
            if status < "4":
                yield f"{status}: it is a new answer, which no caller waits for"
        for status, reference in sorted(old.items()):
            if status not in new:
                yield f"{status}: it is not answered any more"
                continue
            before = _resolved(reference, self.old)
            after = _resolved(new[status], self.new)
            yield from self._of_headers(status, before, after)
            for media, content in before.get("content", {}).items():
                if media not in after.get("content", {}):
                    yield f"{status}: it is not {media} any more"
                elif status < "4":
                    yield from self._of_schema(
                        content["schema"], after["content"][media]["schema"], status, "answer"
                    )
                else:
                    yield from self._of_problem(status, content, after["content"][media])

    def _of_headers(self, status: str, old: Schema, new: Schema) -> Iterator[str]:
        after = new.get("headers", {})
        for name, reference in old.get("headers", {}).items():
            required = _resolved(reference, self.old).get("required")
            if name not in after:
                yield f"{status}: header {name} was removed"
            elif required and not _resolved(after[name], self.new).get("required"):
                yield f"{status}: header {name} may be missing now"

    def _of_problem(self, status: str, old: Schema, new: Schema) -> Iterator[str]:
        for kind in sorted(old.get("examples", {}).keys() - new.get("examples", {}).keys()):
            yield f"{status}: the problem {kind} was removed or renamed"
        [before, after] = [it["schema"]["allOf"][0] for it in (old, new)]
        yield from self._of_schema(before, after, status, "answer")

    def _of_schema(
        self, old: Schema, new: Schema, path: str, direction: Direction
    ) -> Iterator[str]:
        old, new = _resolved(old, self.old), _resolved(new, self.new)
        yield from _of_values(old, new, path, direction)
        yield from self._of_fields(old, new, path, direction)
        for keyword, where in (("items", "[]"), ("additionalProperties", ".*")):
            if isinstance(old.get(keyword), Mapping) and isinstance(new.get(keyword), Mapping):
                yield from self._of_schema(old[keyword], new[keyword], path + where, direction)
        before, after = old.get("anyOf", []), new.get("anyOf", [])
        if len(before) != len(after):
            yield f"{path}: it has other alternatives"
        for each, other in zip(before, after, strict=False):
            yield from self._of_schema(each, other, path, direction)

    def _of_fields(
        self, old: Schema, new: Schema, path: str, direction: Direction
    ) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in sorted(before.keys() - after.keys()):
            yield f"{path}.{name}: the field was removed or renamed"
        for name in sorted(before.keys() & after.keys()):
            yield from self._of_schema(before[name], after[name], f"{path}.{name}", direction)
        needed, needs = set(old.get("required", [])), set(new.get("required", []))
        if direction == "request":
            for name in sorted(needs - needed):
                yield f"{path}.{name}: the field is required now"
            if old.get("additionalProperties") is not False is new.get("additionalProperties"):
                yield f"{path}: fields that it does not name are refused now"
        else:
            for name in sorted((needed - needs) & after.keys()):
                yield f"{path}.{name}: the field may be missing now"

    def _parameters(self, document: Schema, operation: Schema) -> dict[tuple[str, str], Schema]:
        found = [_resolved(it, document) for it in operation.get("parameters", [])]
        return {(it["in"], it["name"]): it for it in found}


def _of_values(old: Schema, new: Schema, path: str, direction: Direction) -> Iterator[str]:
    """Request: whatever was taken is taken. Answer: whatever comes could come before."""
    for keyword, known in (("type", _types), ("enum", _values)):
        before, after = known(old.get(keyword)), known(new.get(keyword))
        lost = after is not None and (before is None or bool(before - after))
        gained = before is not None and (after is None or bool(after - before))
        if lost if direction == "request" else gained:
            how = "narrower" if direction == "request" else "wider"
            yield f"{path}: {keyword} is {how} than {old.get(keyword)}: {new.get(keyword)}"
    for keyword in sorted(LOWER_BOUNDS | UPPER_BOUNDS):
        low = keyword in LOWER_BOUNDS
        nothing = float("-inf") if low else float("inf")
        before, after = old.get(keyword, nothing), new.get(keyword, nothing)
        narrower = after > before if low else after < before
        if before != after and narrower == (direction == "request"):
            yield f"{path}: {keyword} was {old.get(keyword)} and is {new.get(keyword)}"
    for keyword in EXACT:
        before, after = old.get(keyword), new.get(keyword)
        dropped = after is None if direction == "request" else before is None
        if before != after and not dropped:
            yield f"{path}: {keyword} was {before} and is {after}"


def _types(said: Any) -> set[str] | None:
    """An integer is a number too."""
    if said is None:
        return None
    types = {said} if isinstance(said, str) else set(said)
    return types | {"integer"} if "number" in types else types


def _values(said: Any) -> set[str] | None:
    return None if said is None else set(map(str, said))


def _operations(document: Schema) -> Iterator[tuple[str, Schema]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _security(operation: Schema) -> str:
    asked = [
        " and ".join(f"{name} {' '.join(sorted(it[name]))}".strip() for name in sorted(it))
        for it in operation["security"]
    ]
    return " or ".join(sorted(asked)) or "nothing"


def _resolved(part: Schema, document: Schema) -> Schema:
    if "$ref" not in part:
        return part
    found: Any = document
    for name in str(part["$ref"]).removeprefix("#/").split("/"):
        found = found[name]
    own: Mapping[str, Any] = {name: it for name, it in part.items() if name != "$ref"}
    return _resolved({**found, **own}, document)
