"""Finds what of a new set of event schemas would break those who rely on the last release.

An existing version is read by consumers that were built before it changed, and it is what old
records in store, log and archive hold. So within a version both directions must go on working:
only a new optional field is compatible. Everything else is a new version of the schema.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.schemas import Schema, Schemas

DESCRIBES = frozenset(
    {"$schema", "$id", "$comment", "title", "description", "examples", "format"}
    | {"x-owner", "x-refusals", "x-operators"}
)
"""Keywords that judge no message."""
LOWER_BOUNDS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
UPPER_BOUNDS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})


def breaking_changes(released: Schemas, current: Schemas) -> list[str]:
    """One sentence for each, naming the schema and the field; schemas that are new are none."""
    return [
        f"{name}: {change}"
        for name in sorted(released)
        for change in (
            _changes(released[name], current[name], "", released, current)
            if name in current
            else ["the schema is gone, though messages of this version are kept for ever"]
        )
    ]


def _changes(
    old: Schema, new: Schema, path: str, released: Schemas, current: Schemas
) -> Iterator[str]:
    old, new = _resolved(old, released), _resolved(new, current)
    here = path or "the message"
    yield from _changed_fields(old, new, path, released, current)
    for keyword in ("items", "contains", "additionalProperties", "unevaluatedProperties"):
        if isinstance(old.get(keyword), Mapping) and isinstance(new.get(keyword), Mapping):
            inner = f"{path}[]" if keyword == "items" else f"{path}.{keyword}"
            yield from _changes(old[keyword], new[keyword], inner, released, current)
        elif old.get(keyword) != new.get(keyword):
            yield f"{here}: {keyword} is no longer the same"
    followed = {"properties", "required", "items", "contains", "$defs"}
    followed |= {"additionalProperties", "unevaluatedProperties"}
    for keyword in sorted((set(old) | set(new)) - DESCRIBES - followed):
        if _plain(old.get(keyword)) != _plain(new.get(keyword)):
            yield f"{here}: {_what_changed(keyword, old.get(keyword), new.get(keyword))}"


def _changed_fields(
    old: Schema, new: Schema, path: str, released: Schemas, current: Schemas
) -> Iterator[str]:
    for group, separator in (("properties", "."), ("$defs", "#")):
        before, after = old.get(group, {}), new.get(group, {})
        for name, schema in before.items():
            its_path = f"{path}{separator}{name}".lstrip(".")
            if name not in after:
                yield f"{its_path}: the field was removed or renamed"
            else:
                yield from _changes(schema, after[name], its_path, released, current)
    before, after = set(old.get("required", [])), set(new.get("required", []))
    for name in sorted(after - before):
        yield f"{path}.{name}".lstrip(".") + ": the field is required now, and old messages lack it"
    for name in sorted((before - after) & set(new.get("properties", {}))):
        yield f"{path}.{name}".lstrip(".") + ": the field is optional now, and readers count on it"


def _resolved(schema: Schema, schemas: Schemas) -> Schema:
    """The schema with what its ``$ref`` stands for: another file, or a part of the same one."""
    if "$ref" not in schema:
        return schema
    target = schemas[schema["$ref"]]
    own = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
    fields = {**target.get("properties", {}), **own.get("properties", {})}
    required = sorted({*target.get("required", []), *own.get("required", [])})
    return {**target, **own, "properties": fields, "required": required}


def _what_changed(keyword: str, old: Any, new: Any) -> str:
    if keyword == "type":
        return f"the type was {_shown(old)} and is {_shown(new)}"
    if keyword in LOWER_BOUNDS or keyword in UPPER_BOUNDS:
        is_lower = keyword in LOWER_BOUNDS
        rises = old is None if new is not None else False
        if old is not None and new is not None:
            rises = new > old
        narrower = rises if is_lower or old is None else not rises and new is not None
        how = "narrowed" if narrower else "widened"
        return f"{keyword} was {how} from {_shown(old)} to {_shown(new)}"
    if keyword == "enum" and old is not None and new is not None:
        lost = [value for value in old if value not in new]
        gained = [value for value in new if value not in old]
        how = "narrowed by" if lost else "widened by"
        return f"the values were {how} {', '.join(map(str, lost or gained))}"
    return f"{keyword} was {_shown(old)} and is {_shown(new)}"


def _plain(value: Any) -> Any:
    """Types and values in any order are the same."""
    if isinstance(value, list):
        return sorted(map(str, value))
    return value


def _shown(value: Any) -> str:
    if value is None:
        return "absent"
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)
