"""Flags are the same in git, in AppConfig's own form, and on their way back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.configuration.documents import canonical
from tools.configuration.flags import NoFlags, from_appconfig, problems, to_appconfig

KEYS = st.text("abzAZ09_-", max_size=8).map(lambda rest: f"k{rest}")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = (
    st.booleans() | NUMBERS | TEXTS | st.lists(TEXTS, max_size=3) | st.lists(NUMBERS, max_size=3)
)
FLAGS = st.dictionaries(
    KEYS,
    st.builds(
        lambda attributes, enabled: attributes | {"enabled": enabled},
        st.dictionaries(KEYS, VALUES, max_size=3),
        st.booleans(),
    ),
    max_size=3,
)


@given(FLAGS)
def test_there_and_back_changes_nothing(served: dict[str, Any]) -> None:
    assert list(problems(served, "file", "flags")) == []
    assert canonical(from_appconfig(to_appconfig(served))) == canonical(served)


@given(FLAGS)
def test_every_attribute_is_declared_with_its_type(served: dict[str, Any]) -> None:
    kept = to_appconfig(served)
    assert kept["version"] == "1"
    for name, flag in served.items():
        declared = kept["flags"][name]["attributes"]
        assert declared.keys() == flag.keys() - {"enabled"}
        assert all(it["constraints"]["type"] for it in declared.values())


def test_what_appconfig_notes_beside_a_flag_is_no_part_of_it() -> None:
    kept = to_appconfig({"new-way": {"enabled": True, "share": 5}})
    kept["values"]["new-way"] |= {"_createdAt": "2026-12-01", "_updatedAt": "2026-12-02"}
    kept["flags"]["new-way"]["_createdAt"] = "2026-12-01"
    assert from_appconfig(kept) == {"new-way": {"enabled": True, "share": 5}}


def test_variants_that_were_made_by_hand_stay_to_be_seen() -> None:
    kept = {"values": {"new-way": {"enabled": True, "_variants": [{"name": "loud"}]}}}
    assert from_appconfig(kept)["new-way"]["_variants"] == [{"name": "loud"}]


@pytest.mark.parametrize("kept", [None, [], {}, {"values": []}, {"values": {"new-way": True}}])
def test_what_holds_no_flags_is_said_to_hold_none(kept: Any) -> None:
    with pytest.raises(NoFlags):
        from_appconfig(kept)
