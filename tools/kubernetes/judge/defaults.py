"""Fills in the defaults of a schema, as the server does before it checks anything."""

from __future__ import annotations

import copy
from typing import Any

from tools.kubernetes.judge.pruning import Schema, values_of


def fill(value: Any, schema: Schema | None) -> None:
    """Fill in what is missing, or null where null is not allowed, at every depth."""
    if schema is None:
        return
    if isinstance(value, list):
        items = schema.get("items")
        for number, each in enumerate(value):
            value[number] = _filled(each, items)
            fill(value[number], items)
    if not isinstance(value, dict):
        return
    properties = schema.get("properties", {})
    for name, of_value in properties.items():
        if "default" in of_value and (name not in value or _is_filled(value[name], of_value)):
            value[name] = copy.deepcopy(of_value["default"])
    for name in value:
        if name not in properties:
            value[name] = _filled(value[name], values_of(schema))
        fill(value[name], properties.get(name, values_of(schema)))


def _filled(value: Any, schema: Schema | None) -> Any:
    if schema is not None and _is_filled(value, schema) and "default" in schema:
        return copy.deepcopy(schema["default"])
    return value


def _is_filled(value: Any, schema: Schema) -> bool:
    return value is None and not schema.get("nullable")
