"""The schemas of requests' bodies, made from the forms by which the code parses them."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

import msgspec

from tools.docgen.openapi.written import NotWritten, Schema

REFERENCE = "#/components/schemas/{name}"
PYTHONS_END = (r"$(?!\n)", r"\Z")
"""How patterns of the code end. JSON Schema reads them as ECMAScript: there ``$`` is the end, and a
line break after it is none; ``\\Z`` would be the letter Z."""
PYTHONS_OWN = (r"\A", r"\Z", "(?P", "(?i", "(?x", "(?#")
"""What ECMAScript has not, or understands otherwise."""


def schemas(forms: Iterable[str]) -> dict[str, Schema]:
    """By name, the schema of each ``module:class`` and of all that it is made of.

    Raises:
        NotWritten: there is no such class, or it has a pattern that only Python understands.
    """
    classes = [form(it) for it in forms]
    _, made = msgspec.json.schema_components(classes, ref_template=REFERENCE)
    return {name: _portable(schema, name) for name, schema in made.items()}


def name_of(form: str) -> str:
    """Under which name the document has it."""
    return form.partition(":")[2]


def form(name: str) -> Any:
    """The class that ``module:class`` names. Raises NotWritten."""
    module, _, its_name = name.partition(":")
    try:
        return getattr(importlib.import_module(module), its_name)
    except (ImportError, AttributeError) as error:
        raise NotWritten(f"there is no form {name}: {error}") from error


def _portable(part: Any, name: str) -> Any:
    if isinstance(part, list):
        return [_portable(it, name) for it in part]
    if not isinstance(part, dict):
        return part
    changed = {key: _portable(value, name) for key, value in part.items()}
    pattern = changed.get("pattern")
    if isinstance(pattern, str):
        for end in PYTHONS_END:
            if pattern.endswith(end):
                pattern = pattern.removesuffix(end) + "$"
        if any(it in pattern for it in PYTHONS_OWN):
            raise NotWritten(f"{name}: only Python understands the pattern {pattern}")
        changed["pattern"] = pattern
    return changed
