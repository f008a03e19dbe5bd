"""The console's document has the types that its app is written against, and keeps them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.support.console_contract import CONTRACT
from tests.support.contracts.openapi_contract import OpenApi
from tools.checks.contracts.api_compatibility import breaking_api_changes
from tools.docgen.openapi.typescript import components
from tools.docgen.openapi.written import NotWritten

TYPES = CONTRACT.read_text("utf-8")
DOCUMENT = dict(OpenApi.of("console").document)
BREAKS = {
    "a field is gone": ("  gap: boolean;", "", "readPulse", "200.gap: the field was removed"),
    "a field has another type": (
        "left_out: number;                  // how many more",
        "left_out: string;                  // how many more",
        "readPulse",
        "200.left_out: type is wider than number: string",
    ),
    "a field may be missing": (
        "as_of: string; order_id: string; correlation_id",
        "as_of: string; order_id?: string; correlation_id",
        "readTimeline",
        "200.order_id: the field may be missing now",
    ),
    "a part of a map has another type": (
        "answered: boolean; problem",
        "answered: string; problem",
        "readTimeline",
        "200.parts.*.answered: type is wider than boolean: string",
    ),
    "one more word": (
        '"done" | "refused" | "failed" | null;   // of a reply',
        '"done" | "refused" | "failed" | "lost" | null;   // of a reply',
        "readPulse",
        "200.activity[].outcome: enum is wider than",
    ),
    "a field may be null": (
        "occurred_at: string;\n  recorded_at",
        "occurred_at: string | null;\n  recorded_at",
        "readPulse",
        "200.activity[].occurred_at: it has other alternatives",
    ),
}


def with_types(text: str) -> dict[str, Any]:
    """The document, as it would be with these types."""
    changed = copy.deepcopy(DOCUMENT)
    changed["components"]["schemas"].update(components(text))
    return changed


def test_nothing_changes_where_the_types_are_those_that_there_are() -> None:
    assert breaking_api_changes({"console": DOCUMENT}, {"console": with_types(TYPES)}) == []


@pytest.mark.parametrize("what", BREAKS)
def test_a_type_that_breaks_callers_is_found(what: str) -> None:
    old, new, operation, said = BREAKS[what]
    assert old in TYPES
    changed = with_types(TYPES.replace(old, new, 1))
    found = breaking_api_changes({"console": DOCUMENT}, {"console": changed})
    its = OpenApi.of("console").operations[operation]
    route = f"console: {its.method} {its.path}: "
    assert any(it.startswith(route + said) for it in found), found


def test_a_field_more_breaks_nobody() -> None:
    changed = with_types(TYPES.replace("  gap: boolean;", "  gap: boolean; more: string;", 1))
    assert breaking_api_changes({"console": DOCUMENT}, {"console": changed}) == []


def test_a_word_that_may_come_is_one_of_a_list() -> None:
    made = components('export interface A { b: "c" | "d" | null; e: "f" | "g"; h: "i"[] }')["A"]
    assert made["properties"] == {
        "b": {"anyOf": [{"type": "string", "enum": ["c", "d"]}, {"type": "null"}]},
        "e": {"type": "string", "enum": ["f", "g"]},
        "h": {"type": "array", "items": {"const": "i"}},
    }
    assert "additionalProperties" not in made


@pytest.mark.parametrize("text", ["interface A { b: string }", "export class A { b: string }"])
def test_what_is_no_contract_is_named(text: str) -> None:
    with pytest.raises(NotWritten, match="the contract in TypeScript has"):
        components(text)
