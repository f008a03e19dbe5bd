"""Nothing that was released changes so that old readers or records break; each kind is found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.schemas import CURRENT, RELEASED, schemas_in
from tests.support.contracts.event_schemas import SCHEMAS
from tools.checks.contracts.compatibility import breaking_changes
from tools.checks.contracts.release import release

Schemas = dict[str, Any]
PLACED = "OrderPlaced.v1.schema.json"
RESERVE = "ReserveStock.v1.schema.json"
TRACKED = "ShipmentTracked.v1.schema.json"
REPLIED = "CommandReplied.v1.schema.json"
ENVELOPE = "Envelope.v1.schema.json"


def test_nothing_that_was_released_is_broken() -> None:
    assert schemas_in(RELEASED)
    assert breaking_changes(schemas_in(RELEASED), schemas_in(CURRENT)) == []


def data(schemas: Schemas, name: str) -> Any:
    return schemas[name]["properties"]["data"]


def remove_a_field(it: Schemas) -> None:
    del data(it, PLACED)["properties"]["total"]
    data(it, PLACED)["required"].remove("total")


def rename_a_field(it: Schemas) -> None:
    line = data(it, PLACED)["properties"]["lines"]["items"]
    line["properties"]["price"] = line["properties"].pop("unit_price")
    line["required"] = ["sku", "quantity", "price"]


def change_a_type(it: Schemas) -> None:
    data(it, PLACED)["properties"]["total"]["type"] = "string"


def admit_null(it: Schemas) -> None:
    data(it, PLACED)["properties"]["customer_id"]["type"] = ["string", "null"]


def narrow_an_enumeration(it: Schemas) -> None:
    data(it, TRACKED)["properties"]["status"]["enum"].remove("lost")


def widen_an_enumeration(it: Schemas) -> None:
    data(it, REPLIED)["properties"]["outcome"]["enum"].append("postponed")


def raise_a_minimum(it: Schemas) -> None:
    data(it, PLACED)["properties"]["total"]["minimum"] = 1


def lower_a_maximum(it: Schemas) -> None:
    data(it, RESERVE)["properties"]["lines"]["maxItems"] = 10


def add_a_bound(it: Schemas) -> None:
    data(it, PLACED)["properties"]["customer_id"]["maxLength"] = 10


def lift_a_bound(it: Schemas) -> None:
    del data(it, PLACED)["properties"]["total"]["minimum"]


def change_a_pattern(it: Schemas) -> None:
    data(it, PLACED)["properties"]["currency"]["pattern"] = "^(EUR|GBP)$"


def ask_for_a_new_field(it: Schemas) -> None:
    data(it, PLACED)["properties"]["channel"] = {"type": "string"}
    data(it, PLACED)["required"].append("channel")


def make_a_field_optional(it: Schemas) -> None:
    data(it, PLACED)["required"].remove("total")


def forbid_unknown_fields(it: Schemas) -> None:
    data(it, PLACED)["additionalProperties"] = False


def change_the_envelope(it: Schemas) -> None:
    del it[ENVELOPE]["properties"]["causation_id"]


def change_an_answer(it: Schemas) -> None:
    del it[RESERVE]["$defs"]["done"]["properties"]["lines"]


def remove_a_schema(it: Schemas) -> None:
    del it[PLACED]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (remove_a_field, f"{PLACED}: data.total: the field was removed or renamed"),
        (rename_a_field, f"{PLACED}: data.lines[].unit_price: the field was removed or renamed"),
        (change_a_type, f"{PLACED}: data.total: the type was integer and is string"),
        (admit_null, f"{PLACED}: data.customer_id: the type was string and is string or null"),
        (narrow_an_enumeration, f"{TRACKED}: data.status: the values were narrowed by lost"),
        (widen_an_enumeration, f"{REPLIED}: data.outcome: the values were widened by postponed"),
        (raise_a_minimum, f"{PLACED}: data.total: minimum was narrowed from 0 to 1"),
        (lower_a_maximum, f"{RESERVE}: data.lines: maxItems was narrowed from 99 to 10"),
        (add_a_bound, f"{PLACED}: data.customer_id: maxLength was narrowed from absent to 10"),
        (lift_a_bound, f"{PLACED}: data.total: minimum was widened from 0 to absent"),
        (
            change_a_pattern,
            f"{PLACED}: data.currency: pattern was ^[A-Z]{{3}}$ and is ^(EUR|GBP)$",
        ),
        (
            ask_for_a_new_field,
            f"{PLACED}: data.channel: the field is required now, and old messages lack it",
        ),
        (
            make_a_field_optional,
            f"{PLACED}: data.total: the field is optional now, and readers count on it",
        ),
        (forbid_unknown_fields, f"{PLACED}: data: additionalProperties is no longer the same"),
        (change_the_envelope, f"{ENVELOPE}: causation_id: the field was removed or renamed"),
        (change_an_answer, f"{RESERVE}: #done.lines: the field was removed or renamed"),
        (
            remove_a_schema,
            f"{PLACED}: the schema is gone, though messages of this version are kept for ever",
        ),
    ],
    ids=lambda it: it.__name__ if callable(it) else "",
)
def test_a_breaking_change_is_found_and_named(
    change: Callable[[Schemas], None], found: str
) -> None:
    changed = copy.deepcopy(dict(SCHEMAS))
    change(changed)
    assert found in breaking_changes(SCHEMAS, changed)


def add_an_optional_field(it: Schemas) -> None:
    data(it, PLACED)["properties"]["channel"] = {"type": "string"}


def add_a_version(it: Schemas) -> None:
    it["OrderPlaced.v3.schema.json"] = {"type": "string"}


def explain_better(it: Schemas) -> None:
    it[PLACED]["description"] = "Somebody wants something."
    it[PLACED]["examples"] = []


def refuse_for_a_new_reason(it: Schemas) -> None:
    it[RESERVE]["x-refusals"].append("warehouse-closed")


def list_values_in_another_order(it: Schemas) -> None:
    data(it, TRACKED)["properties"]["status"]["enum"].reverse()
    data(it, PLACED)["required"].reverse()


@pytest.mark.parametrize(
    "change",
    [
        add_an_optional_field,
        add_a_version,
        explain_better,
        refuse_for_a_new_reason,
        list_values_in_another_order,
    ],
)
def test_what_breaks_nobody_passes(change: Callable[[Schemas], None]) -> None:
    changed = copy.deepcopy(dict(SCHEMAS))
    change(changed)
    assert breaking_changes(SCHEMAS, changed) == []


def test_a_release_keeps_what_breaks_nobody_and_refuses_the_rest(tmp_path: Path) -> None:
    current, released = tmp_path / "events", tmp_path / "released"
    current.mkdir()
    placed = copy.deepcopy(SCHEMAS[PLACED])
    content = {ENVELOPE: SCHEMAS[ENVELOPE], PLACED: placed}
    for name, schema in content.items():
        (current / name).write_text(json.dumps(schema))
    assert release(current, released) == []
    assert schemas_in(released) == content

    remove_a_field(content)
    (current / PLACED).write_text(json.dumps(placed))
    assert release(current, released)
    assert "total" in schemas_in(released)[PLACED]["properties"]["data"]["properties"]
