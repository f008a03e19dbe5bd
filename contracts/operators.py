"""Which fields of a message operators may see: those for which its schemas say `x-operators: true`.

A field that says nothing is not shown, and a contract test asks for a word on every one. Nothing
about a person, no key and no token may be shown. What an object says holds for all that is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.schemas import CURRENT, Schemas, schemas_in

KEYWORD = "x-operators"


def shown_fields(schemas: Schemas | None = None) -> dict[str, list[str]]:
    """The paths below `data` that operators may see, such as `lines[].sku`, by type of message.

    A field that two versions of a type have is shown if the newest one says so.
    """
    said: dict[str, dict[str, bool | None]] = {}
    for schema in (schemas_in(CURRENT) if schemas is None else schemas).values():
        if "x-kind" in schema:  # v2 comes after v1
            said.setdefault(schema["title"], {}).update(fields_of(schema["properties"]["data"]))
    return {type: [path for path, shown in its.items() if shown] for type, its in said.items()}


def unmarked_fields(schema: Mapping[str, Any]) -> list[str]:
    """The fields of a message's data of which its schema does not say whether they are shown."""
    return [
        path for path, shown in fields_of(schema["properties"]["data"]).items() if shown is None
    ]


def fields_of(data: Mapping[str, Any]) -> dict[str, bool | None]:
    """Every field that holds no other named fields, by its path; None where nothing is said."""
    return dict(_fields(data, ""))


def _fields(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, bool | None]]:
    for name, its in schema.get("properties", {}).items():
        here = f"{path}{name}"
        if KEYWORD in its:
            yield here, its[KEYWORD]
        elif its.get("properties"):
            yield from _fields(its, f"{here}.")
        elif its.get("items", {}).get("properties"):
            yield from _fields(its["items"], f"{here}[].")
        else:
            yield here, None
