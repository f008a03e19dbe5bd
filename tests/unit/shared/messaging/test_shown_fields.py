"""Operators see the named fields of a message and no others, and nothing in them acts."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from shared.messaging.shown_fields import LONGEST_TEXT, MOST_ENTRIES, shown
from tests.support.contracts.event_schemas import envelope, example

PLACED = envelope(example("OrderPlaced"))
FIELDS = {"OrderPlaced": ["total", "lines[].sku", "ship_to.country", "notes"]}


def seen(data: dict[str, Any]) -> dict[str, Any]:
    return shown(replace(PLACED, data=data), FIELDS)


def test_only_what_is_named_is_seen() -> None:
    assert shown(PLACED, FIELDS) == {
        "total": 2580,
        "lines": [{"sku": "MUG-BLUE"}],
        "ship_to": {"country": "DE"},
    }


def test_nothing_is_seen_of_a_type_that_nobody_named() -> None:
    assert shown(replace(PLACED, type="OrderShredded"), FIELDS) == {}


def test_a_value_of_another_form_than_its_path_is_left_out() -> None:
    assert seen({"total": {"secret": 1}, "lines": "x", "ship_to": [{"country": "DE"}]}) == {}
    assert seen({"lines": [{"sku": {"secret": 1}}, "x"]}) == {"lines": [{}]}
    assert seen({"notes": ["a", {"secret": 1}]}) == {}


def test_a_field_may_be_null_or_false() -> None:
    assert seen({"total": None, "notes": False}) == {"total": None, "notes": False}


def test_hostile_text_is_cut_and_does_nothing() -> None:
    found = seen({"total": "\x1b[2J\u202e" + "x" * 200_000, "notes": ["<b>\x07"]})
    assert found["total"].startswith(r"\x1b[2J\u202e")
    assert len(found["total"]) == LONGEST_TEXT
    assert found["notes"] == [r"<b>\x07"]


def test_long_lists_are_cut() -> None:
    found = seen({"notes": ["x"] * 1000, "lines": [{"sku": "A"}] * 1000})
    assert len(found["notes"]) == len(found["lines"]) == MOST_ENTRIES
