"""Values as rules in CEL see them: typed by their schema, with names that CEL can say.

A number that is written ``8080.0`` where the schema has an integer is an error to the rule that
reads it, and to no other. CEL for Python has no value that is an error when it is read. So the
field is there under its name, for ``has()``, and not there under the name by which a changed rule
reads it. Nor does it take a time or a duration: those stay texts, which a changed rule converts
where it reads them. See ``Reading``.
"""

from __future__ import annotations

import base64
import re
from contextlib import suppress
from dataclasses import dataclass, field
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
_CONVERTED = {"date-time": "__as_time", "date": "__as_time", "duration": "__as_duration"}
"""Formats whose texts a rule reads as something else, each with the function that makes it."""
_SIGNS = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_HAS = re.compile(r"\bhas\(\s*[^()]*?(\.[A-Za-z_]\w*)\s*\)")


class Wrong(Exception):
    """A rule cannot read this value at all."""


def escaped(name: str) -> str:
    """The name by which CEL selects a field: ``namespace`` is ``__namespace__``."""
    if name in _RESERVED:
        return f"__{name}__"
    return re.sub(r"__|\.|-|/", lambda it: _SIGNS[it[0]], name)


@dataclass(slots=True)
class Reading:
    """What a rule does not read as it is in the values that it sees.

    Attributes:
        wrong: names of fields with a float for an integer.
        converted: names of fields with a time or a duration, and the function that makes it;
            the empty name is the value itself.
    """

    wrong: set[str] = field(default_factory=set)
    converted: dict[str, str] = field(default_factory=dict)

    def rule(self, text: str) -> str:
        """A rule or an expression, changed so that it reads those fields as the server does."""
        if not self.wrong and not self.converted:
            return text
        kept = {found.span(1) for found in _HAS.finditer(text)}

        def read(found: re.Match[str]) -> str:
            if found.span() in kept:
                return found[0]
            if found[1] in self.wrong:
                return found[0] + STRICT
            function = self.converted.get(found[1])
            return f"{found[0]}.{function}()" if function else found[0]

        changed = re.sub(r"\.([A-Za-z_]\w*)\b(?!\s*\()", read, text)
        own = self.converted.get("")
        return re.sub(r"(?<![.\w])(self|oldSelf)\b", rf"\1.{own}()", changed) if own else changed


def seen(value: Any, schema: Schema | None, reading: Reading, name: str | None = "") -> Any:
    """The value for CEL, and into ``reading`` what rules do not read as it is.

    Raises:
        Wrong: the value itself, or an entry of a list in it, is a float for an integer.
    """
    schema = schema or {}
    if isinstance(value, dict):
        return _seen_object(value, schema, reading)
    if isinstance(value, list):
        return [seen(each, schema.get("items"), reading, None) for each in value]
    if is_wrong(value, schema):
        raise Wrong(WRONG_NUMBER)
    if isinstance(value, int) and not isinstance(value, bool) and schema.get("type") == "number":
        return float(value)
    if isinstance(value, str) and schema.get("format") in _CONVERTED and name is not None:
        reading.converted[name] = _CONVERTED[schema["format"]]
    if isinstance(value, str) and schema.get("format") == "byte":
        with suppress(ValueError):
            return base64.b64decode(value)
    return value


def is_wrong(value: Any, schema: Schema) -> bool:
    """Whether a float stands for an integer."""
    is_integer = schema.get("type") == "integer" or schema.get("x-kubernetes-int-or-string")
    return isinstance(value, float) and bool(is_integer)


def strictly_named(value: Any, wrong: set[str]) -> Any:
    """The value with sound fields under their strict names, too."""
    if isinstance(value, list):
        return [strictly_named(each, wrong) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: strictly_named(each, wrong) for name, each in value.items()}
    sound = {n: e for n, e in found.items() if n in wrong and not isinstance(e, float)}
    return {**found, **{name + STRICT: each for name, each in sound.items()}}


def _seen_object(value: dict[str, Any], schema: Schema, reading: Reading) -> dict[str, Any]:
    properties, of_others = schema.get("properties"), values_of(schema)
    found = {}
    for name, each in value.items():
        if properties is not None and name in properties:
            known_as = escaped(name)
            if is_wrong(each, properties[name]):
                reading.wrong.add(known_as)
                found[known_as] = each
            else:
                found[known_as] = seen(each, properties[name], reading, known_as)
        elif of_others is not None:
            found[name] = seen(each, of_others, reading, name)
        else:
            found[name] = each
    return found
