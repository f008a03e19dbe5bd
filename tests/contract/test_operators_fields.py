"""Every field of every message says whether operators may see it, and nothing about a person is."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from contracts.operators import fields_of, shown_fields, unmarked_fields
from shared.messaging.shown_fields import shown
from tests.support.contracts.event_schemas import MESSAGES, SCHEMAS, envelope, example

NOT_FOR_OPERATORS = re.compile(
    r"customer|address|postcode|phone|e_?mail|tracking|token|secret|authorization|card|iban|"
    r"signature|password|input"
)
IDS = [f"{type} v{version}" for type, version in MESSAGES]


@pytest.mark.parametrize("schema", MESSAGES.values(), ids=IDS)
def test_a_schema_says_of_every_field_whether_operators_may_see_it(schema: Any) -> None:
    assert unmarked_fields(schema) == []
    assert fields_of(schema["properties"]["data"])


def test_a_field_that_nobody_has_judged_is_found_wherever_it_is() -> None:
    schema = copy.deepcopy(SCHEMAS["OrderPlaced.v1.schema.json"])
    fields = schema["properties"]["data"]["properties"]
    fields["channel"] = {"type": "string"}
    fields["lines"]["items"]["properties"]["gift"] = {"type": "boolean"}
    fields["ship_to"]["properties"]["floor"] = {"type": "integer"}
    assert unmarked_fields(schema) == ["lines[].gift", "ship_to.floor", "channel"]
    assert "channel" not in shown_fields({"OrderPlaced.v1.schema.json": schema})["OrderPlaced"]


@pytest.mark.parametrize("type", shown_fields())
def test_nothing_about_a_person_and_no_key_is_shown(type: str) -> None:
    assert [path for path in shown_fields()[type] if NOT_FOR_OPERATORS.search(path)] == []


def test_what_is_shown_has_a_form_that_its_schema_names() -> None:
    for schema in MESSAGES.values():
        data = schema["properties"]["data"]
        for path, is_shown in fields_of(data).items():
            kinds = _at(data, path)["type"]
            assert not is_shown or "object" not in kinds, f"{schema['title']}: {path} may be all"


def test_versions_of_a_message_judge_the_same_field_alike() -> None:
    judged: dict[tuple[str, str], bool | None] = {}
    for (type, _), schema in MESSAGES.items():
        for path, is_shown in fields_of(schema["properties"]["data"]).items():
            assert judged.setdefault((type, path), is_shown) == is_shown, f"{type}: {path}"


def test_a_message_is_shown_without_who_ordered_and_where_to() -> None:
    assert shown(envelope(example("OrderPlaced")), shown_fields()) == {
        "lines": [{"sku": "MUG-BLUE", "quantity": 2, "unit_price": 1290}],
        "currency": "EUR",
        "total": 2580,
        "weight_grams": 700,
        "ship_to": {"country": "DE"},
    }


@pytest.mark.parametrize("message", MESSAGES, ids=IDS)
def test_of_an_example_every_field_that_may_be_seen_is(message: tuple[str, int]) -> None:
    found = shown(envelope(example(*message)), shown_fields())
    data = MESSAGES[message]["properties"]["data"]
    tops = {path.split(".")[0].removesuffix("[]") for path, said in fields_of(data).items() if said}
    assert found.keys() == tops & example(*message)["data"].keys()


def _at(data: Any, path: str) -> Any:
    """The schema of the field at a path."""
    for step in path.split("."):
        data = data["properties"][step.removesuffix("[]")]
        data = data["items"] if step.endswith("[]") else data
    return data
