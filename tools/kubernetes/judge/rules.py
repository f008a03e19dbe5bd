"""Evaluates the rules of a schema (``x-kubernetes-validations``) at every depth of an object."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from tools.kubernetes.judge import paths
from tools.kubernetes.judge.causes import ROOT, Cause, invalid
from tools.kubernetes.judge.lists import KEYS, KIND, keys_of
from tools.kubernetes.judge.pruning import Schema, values_of
from tools.kubernetes.judge.values import WRONG_NUMBER, Reading, Wrong, seen, strictly_named

RULES = "x-kubernetes-validations"
MAP_KIND = "x-kubernetes-map-type"
NOT_THERE = object()
"""In place of an old value, where there is none: a null would be one."""
_AS_INTEGER = re.compile(r"(?<![.\w])int\(")
"""CEL's own conversion in C++ allows spaces around a number, the server's does not."""
_ERRORS = (
    (re.compile(r"Key not found in map : \"?([^\"]*)\"?"), r"no such key: \1"),
    (re.compile(r"Index error: index=(-?\d+) size=\d+"), r"index out of bounds: \1"),
    (re.compile(r"cannot convert string to int"), "type conversion error from 'string' to 'int'"),
)


class NotCompiled(Exception):
    """A rule calls what this judge does not have; the message names rule and reason."""


def has_rules(schema: Schema) -> bool:
    """Whether a schema has a rule at any depth."""
    if schema.get(RULES):
        return True
    parts = [schema[it] for it in ("items", "additionalProperties") if it in schema]
    parts += schema.get("properties", {}).values()
    return any(isinstance(it, dict) and has_rules(it) for it in parts)


def broken(value: Any, schema: Schema, old: Any = NOT_THERE, path: str = "") -> Iterable[Cause]:
    """Each rule that does not hold, of the value and of everything in it.

    Raises:
        NotCompiled: a rule calls a function that is not here.
    """
    if value is None or not has_rules_cached(schema):
        return
    yield from _own(value, schema, old, path)
    if isinstance(value, dict):
        old_fields = old if isinstance(old, dict) and schema.get(MAP_KIND) != "atomic" else {}
        properties, of_others = schema.get("properties", {}), values_of(schema)
        for name, each in value.items():
            before = old_fields.get(name, NOT_THERE)
            if name in properties:
                yield from broken(each, properties[name], before, paths.child(path, name))
            elif of_others is not None:
                yield from broken(each, of_others, before, paths.key(path, name))
    elif isinstance(value, list) and "items" in schema:
        before_of = _correlation(schema, old)
        for number, each in enumerate(value):
            yield from broken(each, schema["items"], before_of(each), paths.index(path, number))


def has_rules_cached(schema: Schema) -> bool:
    """``has_rules``, asked once of each schema."""
    known = _KNOWN.get(id(schema))
    if known is None or known[0] is not schema:
        known = _KNOWN[id(schema)] = (schema, has_rules(schema))
    return known[1]


_KNOWN: dict[int, tuple[Schema, bool]] = {}


def matches(text: str, pattern: str) -> bool:
    """Whether RE2 finds a pattern in a text, as the server does."""
    result = _matcher().eval(data={"self": text, "oldSelf": pattern})
    return result.value() is True  # what is no pattern is an error: nothing matches it


@cache
def _environment() -> Any:
    from tools.kubernetes.judge.cel_functions import environment  # what checks no rule needs no CEL

    return environment()


@cache
def _matcher() -> Any:
    return _environment().compile("self.matches(oldSelf)")


@cache
def _compiled(rule: str) -> Any:
    try:
        return _environment().compile(_AS_INTEGER.sub("__int(", rule))
    except Exception as error:  # the library raises no narrower one
        raise NotCompiled(f"this rule cannot be compiled: {rule}: {error}") from error


def _correlation(schema: Schema, old: Any) -> Callable[[Any], Any]:
    """Finds what an entry of a list was before: only where its keys say which one it is."""
    if schema.get(KIND) != "map" or not isinstance(old, list) or KEYS not in schema:
        return lambda _: NOT_THERE

    def before(entry: Any) -> Any:
        wanted = keys_of(entry, schema)
        return next((it for it in old if keys_of(it, schema) == wanted), NOT_THERE)

    return before


def _own(value: Any, schema: Schema, old: Any, path: str) -> Iterable[Cause]:
    rules = [it for it in schema.get(RULES, ()) if _applies(it, old)]
    if not rules:
        return
    reading = Reading()
    try:
        current = seen(value, schema, reading)
        before = None
        if old is not NOT_THERE:
            before = seen(_in_order_of(old, value, schema), schema, reading)
    except Wrong as error:
        yield from (_failed(it, path, str(error)) for it in rules)
        return
    for rule in rules:
        yield from _evaluated(rule, {"self": current, "oldSelf": before}, value, path, reading)


def _applies(rule: dict[str, Any], old: Any) -> bool:
    """A rule that compares is evaluated where there is something to compare with."""
    compares = re.search(r"\boldSelf\b", rule["rule"]) is not None
    return not compares or old is not NOT_THERE or bool(rule.get("optionalOldSelf"))


def _evaluated(
    rule: dict[str, Any], data: dict[str, Any], value: Any, path: str, reading: Reading
) -> Iterable[Cause]:
    if reading.wrong:
        data = {name: strictly_named(each, reading.wrong) for name, each in data.items()}
    result = _compiled(reading.rule(rule["rule"])).eval(data=data)
    if result.type().name() == "*error*" or not isinstance(result.value(), bool):
        yield _failed(rule, path, _as_server_says(str(result.value())))
    elif not result.value():
        yield _refusal(rule, _message(rule, data, reading), value, path)


def _refusal(rule: dict[str, Any], message: str, value: Any, path: str) -> Cause:
    where = path
    if rule.get("fieldPath"):
        where = (path + rule["fieldPath"]).removeprefix(".")
    shown = "…" if isinstance(value, dict | list | str) else value
    reason = rule.get("reason", "FieldValueInvalid")
    told = {
        "FieldValueRequired": f"Required value: {message}",
        "FieldValueForbidden": f"Forbidden: {message}",
        "FieldValueDuplicate": "Duplicate value: …",
    }.get(reason, f"Invalid value: {shown} {message}")
    return Cause(where or ROOT, reason, "cel", told)


def _message(rule: dict[str, Any], data: dict[str, Any], reading: Reading) -> str:
    if rule.get("messageExpression"):
        result = _compiled(reading.rule(rule["messageExpression"])).eval(data=data)
        text = result.value()
        if isinstance(text, str) and text.strip() and "\n" not in text:
            return text
    message: str = rule.get("message", "")
    return message.strip() or f"failed rule: {rule['rule'].strip()}"


def _failed(rule: dict[str, Any], path: str, error: str) -> Cause:
    told = rule.get("message") or rule["rule"]
    if "no such overload" in error:
        message = (
            f"'{error}': call arguments did not match a supported operator, function or macro "
            f"signature for rule: {told}"
        )
    else:
        message = f"{error} evaluating rule: {told}"
    cause = invalid(path, "", message, "cel")
    return Cause(cause.field, cause.reason, "cel", f"Invalid value: … {message}")


def _as_server_says(error: str) -> str:
    if "__as_integer" in error:
        return WRONG_NUMBER
    for pattern, said in _ERRORS:
        found = pattern.search(error)
        if found:
            return found.expand(said)
    if "No matching overloads" in error:
        return "no such overload"
    return error.partition(": ")[2] or error


def _in_order_of(old: Any, value: Any, schema: Schema) -> Any:
    """The old value with sets and maps in the order of the new one: order is nothing to them."""
    if isinstance(old, dict) and isinstance(value, dict):
        properties, of_others = schema.get("properties", {}), values_of(schema)
        return {
            name: _in_order_of(each, value.get(name), properties.get(name) or of_others or {})
            for name, each in old.items()
        }
    if not isinstance(old, list) or not isinstance(value, list):
        return old
    kind, items = schema.get(KIND), schema.get("items", {})
    if kind not in ("set", "map"):
        return old

    def known_as(entry: Any) -> Any:
        return keys_of(entry, schema) if kind == "map" else entry

    left = list(old)
    found = []
    for each in value:
        same = next((it for it in left if known_as(it) == known_as(each)), None)
        if same is not None:
            left.remove(same)
            found.append(_in_order_of(same, each, items))
    return found + left
