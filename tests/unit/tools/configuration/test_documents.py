"""A document has one meaning for every reader, or is refused with its place, rule and value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.configuration import documents
from tools.configuration.documents import LONGEST, canonical, digest, parse
from tools.configuration.errors import NotValid

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@given(JSON)
def test_what_is_written_canonically_is_read_as_it_was(value: object) -> None:
    written = canonical(value)
    assert canonical(parse(written, "file")) == written


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers()))
def test_the_order_of_keys_and_white_space_change_no_hash(value: dict[str, int]) -> None:
    turned = dict(reversed(value.items()))
    spaced = json.dumps(turned, indent=4, ensure_ascii=True).encode()
    assert digest(parse(spaced, "file")) == digest(value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"a": 1, "a": 2}', 'each key once: "a"'),
        (b'{"a": NaN}', "numbers that JSON has"),
        (b'{"a": -Infinity}', "numbers that JSON has"),
        (b'{"a": 1e999}', "/a: numbers that can be told apart"),
        (b'{"a": ' + b"9" * 5000 + b"}", "numbers that can be read"),
        (b'{"a": "\\ud800"}', "/a: valid Unicode"),
        (b'{"\\udfff": 1}', "valid Unicode"),
        (b'{"a": "\xff"}', 'UTF-8: "byte 7"'),
        (b"\xef\xbb\xbf{}", "JSON"),
        (b"", "JSON"),
        (b'{"a": 1,}', "line 1 column"),
        (b"[" * 100_000, "levels"),
        (b"[" * 40 + b"]" * 40, "levels"),
        (b'"' + b"x" * 8 * LONGEST + b'"', "at most 8388608 bytes"),
    ],
)
def test_what_readers_could_understand_differently_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(NotValid) as refused:
        parse(content, "config/dev/scratch.json")
    assert str(refused.value).startswith("config/dev/scratch.json ")
    assert told in str(refused.value)


def test_a_message_is_one_printable_line_whatever_the_document_holds() -> None:
    hostile = {"\x1b[2J\n/../~": "\u202e" + "x" * 1000}
    with pytest.raises(NotValid) as refused:
        parse(json.dumps({"a": hostile | {"b": float("inf")}}).encode(), "f\nile")
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


def test_a_document_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotValid, match=r"gone\.json .*No such file"):
        documents.read(tmp_path / "gone.json", "dev", "gone")


def test_a_document_is_an_object_of_profiles(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(NotValid, match=r"an object with the profiles: \[1\]"):
        documents.read(tmp_path / "list.json", "dev", "list")
