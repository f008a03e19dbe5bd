"""The envelope that everything travels in."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.product import PRODUCT
from shared.messaging.envelope import (
    LARGEST_NUMBER,
    LARGEST_VERSION,
    MAX_DEPTH,
    MAX_NAME,
    Envelope,
    decode,
    encode,
)
from shared.runtime.payloads import MAX_EVENT_BYTES

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_NUMBER, LARGEST_NUMBER) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
ids = st.uuids().map(str)
names = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=MAX_NAME
)
envelopes = st.builds(
    Envelope,
    event_id=ids,
    type=st.from_regex("[A-Za-z_][A-Za-z0-9_]{0,63}", fullmatch=True),
    schema_version=st.integers(1, 9),
    aggregate_type=names,
    aggregate_id=ids,
    version=st.none() | st.integers(1, 10**9),
    occurred_at=st.just("2026-12-01T10:00:00.000Z"),
    correlation_id=names,
    causation_id=st.none() | names,
    traceparent=names,
    data=st.dictionaries(texts, values, max_size=3),
)
FIELDS = msgspec.structs.fields(Envelope)
GOOD: dict[str, Any] = {
    "event_id": "00000000-0000-4000-8000-0000000000e1",
    "type": "OrderPlaced",
    "schema_version": 1,
    "aggregate_type": "order",
    "aggregate_id": "00000000-0000-4000-8000-000000000001",
    "version": 1,
    "occurred_at": "2026-12-01T10:00:00.000Z",
    "correlation_id": "c",
    "causation_id": None,
    "traceparent": "t",
    "data": {},
}


@given(envelopes)
def test_an_envelope_arrives_as_it_was_sent_and_on_one_line(envelope: Envelope) -> None:
    line = encode(envelope)
    assert decode(line) == envelope
    assert b"\n" not in line


def test_an_envelope_has_the_fields_that_everybody_relies_on() -> None:
    assert {field.encode_name for field in FIELDS} == set(GOOD)


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_an_envelope_with_a_field_missing_is_none(missing: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=missing):
        decode(json.dumps({name: GOOD[name] for name in GOOD if name != missing}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "1"},
        {"version": 1.5},
        {"data": []},
        {"data": None},
        {"event_id": 7},
        {"occurred_at": "2026-12-01T10:00:00Z"},
        {"occurred_at": "2026-12-01T10:00:00.000+01:00"},
        {"occurred_at": "2026-12-01T10:00:00.000Z\n"},
        {"occurred_at": "2026-02-30T10:00:00.000Z"},
        {"occurred_at": "2026-12-01T24:00:00.000Z"},
        {"occurred_at": "2026-W49-2T10:00:00.000Z"},
        {"occurred_at": "1900-12-01T10:00:00.000Z"},
        {"occurred_at": "9999-12-31T23:59:59.999Z"},
        {"occurred_at": "٢٠٢٦-12-01T10:00:00.000Z"},
    ],
)
def test_an_envelope_with_a_field_of_another_type_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(json.dumps(GOOD | wrong))


@pytest.mark.parametrize("wrong", [b"\xff", '"\ud800"', "[" * 9, '{"data":' + "[" * 100_000])
def test_what_nobody_can_read_is_none(wrong: bytes | str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(wrong)


@pytest.mark.parametrize("field", ["event_id", "aggregate_id"])
@pytest.mark.parametrize(
    "text", ["", "o-1", "\0" * 36, "\u202e" * 36, "ÿ" * 36, GOOD["event_id"] + "\n", "x" * 257]
)
def test_an_id_is_a_uuid_before_it_is_anything_else(field: str, text: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=f"{field} has no valid form"):
        decode(json.dumps(GOOD | {field: text}))


def test_two_ids_are_not_judged_as_one() -> None:
    one, other = GOOD["event_id"], GOOD["aggregate_id"]
    with pytest.raises(msgspec.ValidationError, match="event_id"):
        decode(json.dumps(GOOD | {"event_id": one + other[:1], "aggregate_id": other[1:]}))


@pytest.mark.parametrize(
    "field", ["type", "aggregate_type", "correlation_id", "causation_id", "traceparent"]
)
@pytest.mark.parametrize(
    "text", ["", "x" * (MAX_NAME + 1), "a\nb", "\x1b[2J", "\u202egpj", "ü", "\x7f"]
)
def test_a_name_is_short_and_shows_nothing_but_itself(field: str, text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(json.dumps(GOOD | {field: text}))


def test_a_type_is_a_name_and_no_markup() -> None:
    with pytest.raises(msgspec.ValidationError, match="type"):
        decode(json.dumps(GOOD | {"type": "[/x]"}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 0},
        {"version": -1},
        {"version": LARGEST_VERSION + 1},
        {"version": int("9" * 50)},
        {"schema_version": 0},
        {"schema_version": int("9" * 50)},
        {"data": {"total": LARGEST_NUMBER + 1}},
        {"data": {"lines": [{"quantity": -int("9" * 50)}]}},
    ],
    ids=str,
)
def test_a_number_that_no_table_keeps_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(json.dumps(GOOD | wrong))


def test_the_largest_numbers_and_the_deepest_data_pass() -> None:
    deep: Any = LARGEST_NUMBER
    for _ in range(MAX_DEPTH):
        deep = [deep]
    good = GOOD | {"version": LARGEST_VERSION, "data": {"deep": deep}}
    assert decode(json.dumps(good)).data == {"deep": deep}
    with pytest.raises(msgspec.ValidationError):
        decode(json.dumps(good | {"data": {"deep": [deep]}}))


@pytest.mark.parametrize(
    ("once", "twice"),
    [
        ('"version": 1', '"version": 2, "version": 1'),
        ('"data": {}', '"data": {"total": 1, "total": 100}'),
        ('"data": {}', '"data": {"lines": [{"sku": "A", "s\\u006bu": "B"}]}'),
        ('"data": {}', '"data": {}, "unknown": {"a": 1, "a": 1}'),
    ],
)
def test_a_name_that_comes_twice_is_refused(once: str, twice: str) -> None:
    text = json.dumps(GOOD)
    assert once in text
    decode(text)
    with pytest.raises(msgspec.DecodeError, match="twice"):
        decode(text.replace(once, twice))
    with pytest.raises(msgspec.DecodeError, match="twice"):
        decode(text.replace(once, twice).encode())


def test_what_no_bus_would_take_is_refused_before_it_is_read() -> None:
    padded = json.dumps(GOOD | {"data": {"padding": "x" * MAX_EVENT_BYTES}})
    with pytest.raises(msgspec.ValidationError, match="larger than"):
        decode(padded)


def test_fields_that_newer_code_added_are_passed_over() -> None:
    assert decode(json.dumps(GOOD | {"added_later": 1})) == decode(json.dumps(GOOD))


def test_the_largest_event_leaves_room_for_what_one_bus_entry_adds() -> None:
    entry = 256 * 1024
    longest_source_and_type = len(f"{PRODUCT}.notifications") + MAX_NAME
    time = 14
    assert MAX_EVENT_BYTES + longest_source_and_type + time <= entry
