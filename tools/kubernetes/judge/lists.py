"""Lists that are sets or maps: their entries differ, wholly or in their keys."""

from __future__ import annotations

import json
from typing import Any

from tools.kubernetes.judge import paths
from tools.kubernetes.judge.causes import Cause, duplicate
from tools.kubernetes.judge.pruning import Schema, values_of

KIND = "x-kubernetes-list-type"
KEYS = "x-kubernetes-list-map-keys"


def duplicates(value: Any, schema: Schema | None, path: str = "") -> list[Cause]:
    """Every entry that is there for the second time."""
    found: list[Cause] = []
    schema = schema or {}
    if isinstance(value, list):
        found += _in_list(value, schema, path)
        for number, each in enumerate(value):
            found += duplicates(each, schema.get("items"), paths.index(path, number))
    elif isinstance(value, dict):
        properties = schema.get("properties", {})
        for name, each in value.items():
            if name in properties:
                found += duplicates(each, properties[name], paths.child(path, name))
            else:
                found += duplicates(each, values_of(schema), paths.key(path, name))
    return found


def keys_of(entry: Any, schema: Schema) -> dict[str, Any]:
    """What names an entry of a list that is a map; a key that is not there has its default."""
    properties = schema.get("items", {}).get("properties", {})
    found = {}
    for name in schema.get(KEYS, []):
        value = entry.get(name, properties.get(name, {}).get("default"))
        if value is not None:
            found[name] = value
    return found


def _in_list(value: list[Any], schema: Schema, path: str) -> list[Cause]:
    kind = schema.get(KIND)
    if kind not in ("set", "map"):
        return []
    seen: dict[str, int] = {}
    found = []
    for number, each in enumerate(value):
        if kind == "map" and not isinstance(each, dict):
            continue
        named = keys_of(each, schema) if kind == "map" else each
        known_as = json.dumps(named, sort_keys=True)
        seen[known_as] = seen.get(known_as, 0) + 1
        if seen[known_as] == 2:  # the server names each once, however often it is there
            found.append(duplicate(paths.index(path, number), named))
    return found
