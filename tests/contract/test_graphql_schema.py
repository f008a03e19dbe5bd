"""The GraphQL schema keeps what was released: planted breaks are found, harmless changes pass."""

from pathlib import Path

import pytest

from contracts.schemas import GRAPHS, RELEASED_GRAPHS, graphs_in
from tools.checks.contracts.graph_compatibility import breaking_graph_changes
from tools.checks.contracts.release import release_graphs

SCHEMA = (GRAPHS / "orders.graphql").read_text("utf-8")
KEPT = (RELEASED_GRAPHS / "orders.graphql").read_text("utf-8")
BREAKS = {
    "a field is gone": ("  sku: String!\n", ""),
    "a field has another name": ("  sku: String!", "  article: String!"),
    "a field has another type": ("  quantity: Int!", "  quantity: Float!"),
    "an answer may be null": ("  sku: String!", "  sku: String"),
    "a list is none": ("  lines: [OrderLine!]", "  lines: OrderLine"),
    "an argument is gone": ("limit: Int = 20, ", ""),
    "an argument has another type": ("limit: Int = 20", "limit: String"),
    "an argument is asked for": ("limit: Int = 20", "limit: Int!"),
    "one more argument is asked for": ("order(id: ID!, ", "order(id: ID!, region: String!, "),
    "a value is gone": ("  REJECTED\n", ""),
    "a type is gone": ("type OrderLine {", "type Line {"),
}
HARMLESS = {
    "a field comes": ("  sku: String!", "  sku: String!\n  weight: Int"),
    "an argument comes that may be left out": (
        "limit: Int = 20",
        "limit: Int = 20, newest: Boolean",
    ),
    "an answer is never null": ("  reason: String\n", "  reason: String!\n"),
    "a type comes": ("type OrderLine {", "type Parcel { note: String }\n\ntype OrderLine {"),
    "other words": ("Such as OrderPlaced.", "For example OrderPlaced."),
}


def test_todays_schema_breaks_nobody() -> None:
    assert breaking_graph_changes(KEPT, SCHEMA) == []


def test_the_released_schema_is_todays() -> None:
    assert graphs_in(RELEASED_GRAPHS) == graphs_in(GRAPHS), "make release-contracts"


def test_a_release_keeps_what_breaks_nobody_and_refuses_the_rest(tmp_path: Path) -> None:
    current, released = tmp_path / "graphql", tmp_path / "released"
    current.mkdir()
    (current / "orders.graphql").write_text(SCHEMA)
    assert release_graphs(current, released) == []
    (current / "orders.graphql").write_text(SCHEMA.replace(*HARMLESS["a field comes"]))
    assert release_graphs(current, released) == []
    longer = graphs_in(current)
    assert graphs_in(released) == longer

    (current / "orders.graphql").write_text(SCHEMA)
    assert release_graphs(current, released) == [
        "orders.graphql: Field OrderLine.weight was removed."
    ]
    (current / "orders.graphql").unlink()
    assert "is gone" in release_graphs(current, released)[0]
    assert graphs_in(released) == longer


@pytest.mark.parametrize("change", BREAKS)
def test_a_break_is_found(change: str) -> None:
    old, new = BREAKS[change]
    assert old in SCHEMA
    changed = SCHEMA.replace(old, new)
    if change == "a type is gone":
        changed = changed.replace("[OrderLine!]", "[Line!]")
    assert breaking_graph_changes(SCHEMA, changed)


@pytest.mark.parametrize("change", HARMLESS)
def test_a_harmless_change_passes(change: str) -> None:
    old, new = HARMLESS[change]
    assert old in SCHEMA
    assert breaking_graph_changes(SCHEMA, SCHEMA.replace(old, new)) == []
