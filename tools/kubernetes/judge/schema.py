"""Checks a value against a structural schema, as strictly and as oddly as the server does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tools.kubernetes.judge import paths
from tools.kubernetes.judge.causes import (
    ROOT,
    Cause,
    compact,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
    type_invalid,
)
from tools.kubernetes.judge.formats import CHECKS
from tools.kubernetes.judge.numbers import is_whole, type_and_format
from tools.kubernetes.judge.numbers import problems as number_problems
from tools.kubernetes.judge.pruning import Schema, values_of

INT_OR_STRING = "x-kubernetes-int-or-string"
Matches = Callable[[str, str], bool]
"""Whether a text has a part that a pattern of RE2 matches."""


@dataclass(slots=True)
class Result:
    """What one schema says of one value; of several that fail, the one with more checks is told."""

    causes: list[Cause] = field(default_factory=list)
    checks: int = 0

    def add(self, causes: Iterable[Cause]) -> None:
        """One check more, and what it found."""
        self.causes += causes
        self.checks += 1

    def merge(self, other: Result) -> None:
        """What a part of the value has."""
        self.causes += other.causes
        self.checks += other.checks

    @property
    def is_valid(self) -> bool:
        """Whether nothing was found."""
        return not self.causes


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks values; ``matches`` is how it asks for patterns."""

    matches: Matches

    def check(self, value: Any, schema: Schema, path: str = "") -> Result:
        """Every check of one schema and, below it, of the schemas of its parts."""
        result = Result()
        result.add(_of_type(value, schema, path))
        if value is None:
            result.add(_of_enum(value, schema, path))
            return result
        self._alternatives(value, schema, path, result)
        result.add(_of_enum(value, schema, path))
        if isinstance(value, str):
            result.add(self._of_text(value, schema, path))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            result.add(number_problems(value, schema, _types(schema), path))
        elif isinstance(value, list):
            self._list(value, schema, path, result)
        elif isinstance(value, dict):
            self._object(value, schema, path, result)
        return result

    def _of_text(self, text: str, schema: Schema, path: str) -> Iterable[Cause]:
        pattern = schema.get("pattern")
        if "maxLength" in schema and len(text) > schema["maxLength"]:
            yield too_long(path, schema["maxLength"])
        elif len(text) < schema.get("minLength", 0):
            least = schema["minLength"]
            yield invalid(path, text, f"{path} in body should be at least {least} chars long")
        elif pattern and not self.matches(text, pattern):
            yield invalid(path, text, f"{path} in body should match '{pattern}'")
        form = schema.get("format")
        if form in CHECKS and not CHECKS[form](text):
            message = f"{path} in body must be of type {form}: {compact(text)}"
            yield type_invalid(path, text, message)

    def _list(self, value: list[Any], schema: Schema, path: str, result: Result) -> None:
        items = schema.get("items")
        if items is not None:
            for number, each in enumerate(value):
                result.merge(self.check(each, items, paths.index(path, number)))
        found: list[Cause] = []
        size = len(value)
        if size < schema.get("minItems", 0):
            least = schema["minItems"]
            found.append(invalid(path, size, f"{path} in body should have at least {least} items"))
        if "maxItems" in schema and size > schema["maxItems"]:
            found.append(too_many(path, size, schema["maxItems"]))
        if schema.get("uniqueItems") and len({compact(it) for it in value}) < size:
            found.append(invalid(path, "", f"{path} in body shouldn't contain duplicates"))
        result.add(found)

    def _object(self, value: dict[str, Any], schema: Schema, path: str, result: Result) -> None:
        size = len(value)
        if size < schema.get("minProperties", 0):
            least = schema["minProperties"]
            message = f"{path} in body should have at least {least} properties"
            result.add([invalid(path, size, message)])
        if "maxProperties" in schema and size > schema["maxProperties"]:
            result.add([too_many(path, size, schema["maxProperties"])])
        properties, of_others = schema.get("properties", {}), values_of(schema)
        for name, each in value.items():
            of_value = properties.get(name, of_others)
            if of_value is not None:
                result.merge(self.check(each, of_value, paths.child(path, name)))
        missing = [it for it in schema.get("required", []) if it not in value]
        result.add(required(paths.child(path, it)) for it in missing)

    def _alternatives(self, value: Any, schema: Schema, path: str, result: Result) -> None:
        self._any_of(value, schema, path, result)
        self._one_of(value, schema, path, result)
        for each in schema.get("allOf", []):
            found = self.check(value, each, path)
            result.merge(found)
            if not found.is_valid:
                result.add([_whole(f'"{path}" must validate all the schemas (allOf)')])
        if "not" in schema and self.check(value, schema["not"], path).is_valid:
            result.add([_whole(f'"{path}" must not validate the schema (not)')])

    def _any_of(self, value: Any, schema: Schema, path: str, result: Result) -> None:
        best: Result | None = None
        for each in schema.get("anyOf", []):
            found = self.check(value, each, path)
            if found.is_valid:
                return
            if best is None or found.checks > best.checks:
                best = found
        if best is not None:
            result.add([_whole(f'"{path}" must validate at least one schema (anyOf)')])
            result.merge(best)

    def _one_of(self, value: Any, schema: Schema, path: str, result: Result) -> None:
        if "oneOf" not in schema:
            return
        found = [self.check(value, each, path) for each in schema["oneOf"]]
        valid = sum(it.is_valid for it in found)
        if valid == 1:
            return
        told = f"Found {valid} valid alternatives" if valid else "Found none valid"
        message = f'"{path}" must validate one and only one schema (oneOf). {told}'
        result.add([_whole(message)])
        if not valid:
            result.merge(max(found, key=lambda it: it.checks))


def _whole(message: str) -> Cause:
    return Cause(ROOT, "FieldValueInvalid", "schema", f'Invalid value: "": {message}')


def _types(schema: Schema) -> list[str]:
    if schema.get(INT_OR_STRING):
        return ["integer", "string"]
    return [schema["type"]] if schema.get("type") else []


def _of_type(value: Any, schema: Schema, path: str) -> Iterable[Cause]:
    types, wanted = _types(schema), ",".join(_types(schema))
    if value is None:
        if types and not schema.get("nullable"):
            yield _other_type(path, wanted, "null")
        return
    found, found_format = type_and_format(value)
    form = schema.get("format", "")
    is_float_integer = found == "number" and "integer" in types and is_whole(value)
    is_integer_float = found == "integer" and "number" in types
    fits = found in types or is_float_integer or is_integer_float
    if form and found not in ("string", "array") and types and not fits and found_format != form:
        yield _other_type(path, form, found_format)
        return
    if form and found in ("string", "array") and not {"number", "integer"} & set(types):
        return  # the format decides; the server asks for no type here
    if types and not fits:
        yield _other_type(path, wanted, found)


def _other_type(path: str, wanted: str, found: str) -> Cause:
    return type_invalid(path, found, f'{path} in body must be of type {wanted}: "{found}"')


def _of_enum(value: Any, schema: Schema, path: str) -> Iterable[Cause]:
    allowed = schema.get("enum")
    if allowed and not any(_is_listed(value, it) for it in allowed):
        yield not_supported(path, value, allowed)


def _is_listed(value: Any, allowed: Any) -> bool:
    """A number is compared as the type of the one that is allowed: ``302.0`` is 302."""
    if isinstance(value, float) and type(allowed) is int:
        return int(value) == allowed
    if type(value) is int and isinstance(allowed, float):
        return value == allowed
    return type(value) is type(allowed) and bool(value == allowed)
