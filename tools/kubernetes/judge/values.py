"""Values as rules in CEL see them: typed by their schema, with names that CEL can say.

A number that is written ``8080.0`` where the schema has an integer is an error to the rule that
reads it, and to no other. CEL for Python has no value that is an error when it is read. So the
field is there under its name, for ``has()``, and not there under the name by which a changed rule
reads it: see ``reads_strictly``.
"""

from __future__ import annotations

import base64
import datetime
import re
from contextlib import suppress
from typing import Any

from tools.kubernetes.judge.pruning import Schema, values_of

STRICT = "__as_integer"
WRONG_NUMBER = "expected int, got float64"
_RESERVED = frozenset(
    [
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for"),
        *("function", "if", "import", "let", "loop", "package", "namespace", "return", "var"),
        *("void", "while"),
    ]
)
_SIGNS = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_HAS = re.compile(r"\bhas\(\s*[^()]*?(\.[A-Za-z_]\w*)\s*\)")


class Wrong(Exception):
    """A rule cannot read this value at all."""


def escaped(name: str) -> str:
    """The name by which CEL selects a field: ``namespace`` is ``__namespace__``."""
    if name in _RESERVED:
        return f"__{name}__"
    return re.sub(r"__|\.|-|/", lambda it: _SIGNS[it[0]], name)


def seen(value: Any, schema: Schema | None, wrong: set[str]) -> Any:
    """The value for CEL; names of fields with a float for an integer are put into ``wrong``.

    Raises:
        Wrong: the value itself, or an entry of a list in it, is such a float.
    """
    schema = schema or {}
    if isinstance(value, dict):
        return _seen_object(value, schema, wrong)
    if isinstance(value, list):
        return [seen(each, schema.get("items"), wrong) for each in value]
    if is_wrong(value, schema):
        raise Wrong(WRONG_NUMBER)
    if isinstance(value, int) and not isinstance(value, bool) and schema.get("type") == "number":
        return float(value)
    if isinstance(value, str):
        return _seen_text(value, schema.get("format"))
    return value


def is_wrong(value: Any, schema: Schema) -> bool:
    """Whether a float stands for an integer."""
    is_integer = schema.get("type") == "integer" or schema.get("x-kubernetes-int-or-string")
    return isinstance(value, float) and bool(is_integer)


def reads_strictly(rule: str, wrong: set[str]) -> str:
    """The rule, changed so that it reads fields of these names under their strict names."""
    kept = {found.span(1) for found in _HAS.finditer(rule)}

    def strict(found: re.Match[str]) -> str:
        is_read = found[1] in wrong and found.span() not in kept
        return found[0] + STRICT if is_read else found[0]

    return re.sub(r"\.([A-Za-z_]\w*)\b(?!\s*\()", strict, rule)


def strictly_named(value: Any, wrong: set[str]) -> Any:
    """The value with sound fields under their strict names, too."""
    if isinstance(value, list):
        return [strictly_named(each, wrong) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: strictly_named(each, wrong) for name, each in value.items()}
    sound = {n: e for n, e in found.items() if n in wrong and not isinstance(e, float)}
    return {**found, **{name + STRICT: each for name, each in sound.items()}}


def _seen_object(value: dict[str, Any], schema: Schema, wrong: set[str]) -> dict[str, Any]:
    properties, of_others = schema.get("properties"), values_of(schema)
    found = {}
    for name, each in value.items():
        if properties is not None and name in properties:
            if is_wrong(each, properties[name]):
                wrong.add(escaped(name))
                found[escaped(name)] = each
            else:
                found[escaped(name)] = seen(each, properties[name], wrong)
        elif of_others is not None:
            found[name] = seen(each, of_others, wrong)
        else:
            found[name] = each
    return found


def _seen_text(text: str, form: str | None) -> Any:
    with suppress(ValueError):
        if form == "date-time":
            return datetime.datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
        if form == "date":
            return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
        if form == "byte":
            return base64.b64decode(text)
    return text
