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
    keeps = schema.get(PRESERVE, False)
    if isinstance(value, list):
        for number, each in enumerate(value):
            items = schema.get("items")
            if items is not None or not keeps:
                _prune(each, items, paths.index(path, number), unknown)
    if not isinstance(value, dict):
        return
    properties = schema.get("properties", {})
    for name in list(value):
        if schema.get("x-kubernetes-embedded-resource") and name in META:
            continue
        if name in properties:
            _prune(value[name], properties[name], paths.child(path, name), unknown)
        elif schema.get("additionalProperties"):
            _prune(value[name], values_of(schema), paths.child(path, name), unknown)
        elif not keeps:
            unknown.append(paths.child(path, name))
            del value[name]
