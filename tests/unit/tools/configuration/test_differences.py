"""A difference is told at its place, and equal documents have none."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tools.configuration.test_documents import JSON
from tools.configuration.differences import ABSENT, Difference, differences


@given(JSON)
def test_a_value_does_not_differ_from_itself(value: object) -> None:
    assert list(differences(value, copy.deepcopy(value))) == []


@given(st.dictionaries(st.sampled_from("abcde"), JSON, min_size=1, max_size=3))
def test_a_key_that_is_gone_is_told_once(value: dict[str, object]) -> None:
    key = next(iter(value))
    rest = {it: value[it] for it in value if it != key}
    [told] = differences(rest, value)
    assert told.git is ABSENT
    assert told.deployed == value[key]


def test_each_place_is_told_with_what_is_there() -> None:
    git = {"limit": 1, "names": ["a"], "flag": {"enabled": True}, "new": None}
    deployed = {"limit": 2, "names": ["a", "b"], "flag": {"enabled": 1}, "old/er": 0}
    assert list(differences(git, deployed, ("settings",))) == [
        Difference("/settings/flag/enabled", True, 1),
        Difference("/settings/limit", 1, 2),
        Difference("/settings/names", ["a"], ["a", "b"]),
        Difference("/settings/new", None, ABSENT),
        Difference("/settings/old~1er", ABSENT, 0),
    ]


def test_what_is_absent_is_not_null() -> None:
    [told] = differences({"a": None}, {})
    assert (told.in_git, told.in_place) == ("null", "nothing")
