"""Which fields a schema does not know, and which nulls are dropped before anything is checked."""

from __future__ import annotations

from typing import Any

from tools.kubernetes.judge import paths

META = frozenset({"apiVersion", "kind", "metadata"})
PRESERVE = "x-kubernetes-preserve-unknown-fields"
Schema = dict[str, Any]


def prune(manifest: dict[str, Any], schema: Schema) -> list[str]:
    """Take unknown fields out of a manifest, and return their paths, sorted."""
    unknown: list[str] = []
    _prune(manifest, {**schema, "x-kubernetes-embedded-resource": True}, "", unknown)
    return sorted(unknown)


def values_of(schema: Schema) -> Schema | None:
    """The schema of a map's values, where its names are free."""
    found = schema.get("additionalProperties")
    return found if isinstance(found, dict) else None


def drop_nulls(value: Any, schema: Schema | None) -> None:
    """Drop each null that its schema does not allow, unless a default takes its place."""
    if isinstance(value, list):
        for each in value:
            drop_nulls(each, (schema or {}).get("items"))
    if not isinstance(value, dict) or schema is None:
        return
    for name in list(value):
        of_value = schema.get("properties", {}).get(name)
        if of_value is None:
            of_value = values_of(schema)
            has_default = False
        else:
            has_default = "default" in of_value
        if of_value is None:
            continue
        if value[name] is not None or of_value.get("nullable"):
            drop_nulls(value[name], of_value)
        elif not has_default:
            del value[name]


def _prune(value: Any, schema: Schema | None, path: str, unknown: list[str]) -> None:
    schema = schema or {}
    if schema.get(PRESERVE):
        _look_into(value, schema, path, unknown)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            _prune(each, schema.get("items"), paths.index(path, number), unknown)
    elif isinstance(value, dict):
        for name in _look_into(value, schema, path, unknown):
            unknown.append(paths.child(path, name))
            del value[name]


def _look_into(value: Any, schema: Schema, path: str, unknown: list[str]) -> list[str]:
    """Prune the parts of a value that have a schema of their own; return the names of the others.

    Entries of a list that keeps what it does not know keep it too, whatever their schema says.
    """
    if isinstance(value, list):
        for number, each in enumerate(value):
            _look_into(each, schema.get("items") or {}, paths.index(path, number), unknown)
    if not isinstance(value, dict):
        return []
    others = []
    for name, each in value.items():
        if schema.get("x-kubernetes-embedded-resource") and name in META:
            continue
        if name in schema.get("properties", {}):
            _prune(each, schema["properties"][name], paths.child(path, name), unknown)
        elif "additionalProperties" in schema:
            _prune(each, values_of(schema), paths.child(path, name), unknown)
        else:
            others.append(name)
    return others
