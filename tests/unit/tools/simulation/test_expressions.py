"""DynamoDB's expressions mean in the simulation what AWS documents."""

from __future__ import annotations

from typing import Any

import pytest

from tools.simulation.aws.expressions import Malformed, condition, update

ITEM: dict[str, Any] = {
    "id": {"S": "b"},
    "version": {"N": "10"},
    "tags": {"SS": ["x", "y"]},
    "list": {"L": [{"N": "1"}, {"S": "two"}]},
    "map": {"M": {"inner": {"S": "deep"}}},
}
NAMES = {"#id": "id", "#list": "list"}
VALUES: dict[str, Any] = {
    ":a": {"S": "a"},
    ":b": {"S": "b"},
    ":nine": {"N": "9"},
    ":ten": {"N": "10.0"},
    ":x": {"S": "x"},
    ":xs": {"SS": ["x", "z"]},
    ":more": {"L": [{"S": "three"}]},
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("attribute_exists(id)", True),
        ("attribute_not_exists(map.inner)", False),
        ("attribute_not_exists(map.other)", True),
        ("version > :nine", True),  # as numbers, not as texts
        ("version = :ten", True),
        ("#id = :b AND version <> :nine", True),
        ("#id = :a OR #id = :b", True),
        ("NOT #id = :a AND NOT (#id = :b)", False),
        ("id BETWEEN :a AND :b", True),
        ("id IN (:a, :x)", False),
        ("begins_with(id, :a)", False),
        ("contains(tags, :x)", True),
        ("size(#list) = :nine", False),
        ("list[0] < :nine", True),
        ("missing = :a", False),
        ("missing <> :a", True),
        ("id > :nine", False),  # another type
    ],
)
def test_a_condition(text: str, holds: bool) -> None:
    assert condition(text)(ITEM, NAMES, VALUES) is holds


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("SET version = version + :nine", "version", {"N": "19"}),
        ("SET version = if_not_exists(other, :nine)", "version", {"N": "9"}),
        ("SET id = if_not_exists(id, :a)", "id", {"S": "b"}),
        (
            "SET #list = list_append(#list, :more)",
            "list",
            {"L": [*ITEM["list"]["L"], {"S": "three"}]},
        ),
        ("SET map.inner = :a", "map", {"M": {"inner": {"S": "a"}}}),
        ("REMOVE id, version SET other = :a", "other", {"S": "a"}),
        ("REMOVE id", "id", None),
        ("ADD version :nine", "version", {"N": "19"}),
        ("ADD tags :xs", "tags", {"SS": ["x", "y", "z"]}),
        ("DELETE tags :xs", "tags", {"SS": ["y"]}),
    ],
)
def test_an_update(text: str, name: str, value: Any) -> None:
    assert update(text)(ITEM, NAMES, VALUES).get(name) == value
    assert ITEM["map"] == {"M": {"inner": {"S": "deep"}}}  # what was there is not changed


@pytest.mark.parametrize("text", ["id =", "id ~ :a", "id = :a AND", "(id = :a", "id :a"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        condition(text)(ITEM, NAMES, VALUES)


def test_a_value_that_was_not_given_is_refused() -> None:
    with pytest.raises(Malformed):
        condition("id = :none")(ITEM, NAMES, VALUES)
