"""The envelope that everything travels in."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.envelope import MAX_EVENT_BYTES, Envelope, decode, encode

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
envelopes = st.builds(
    Envelope,
    event_id=texts,
    type=texts,
    schema_version=st.integers(1, 9),
    aggregate_type=texts,
    aggregate_id=texts,
    version=st.none() | st.integers(1, 10**9),
    occurred_at=st.just("2026-12-01T10:00:00.000Z"),
    correlation_id=texts,
    causation_id=st.none() | texts,
    traceparent=texts,
    data=st.dictionaries(texts, values, max_size=3),
)
FIELDS = msgspec.structs.fields(Envelope)
GOOD: dict[str, Any] = {
    "event_id": "e",
    "type": "OrderPlaced",
    "schema_version": 1,
    "aggregate_type": "order",
    "aggregate_id": "o",
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


def test_fields_that_newer_code_added_are_passed_over() -> None:
    assert decode(json.dumps(GOOD | {"added_later": 1})) == decode(json.dumps(GOOD))


def test_the_largest_event_leaves_room_for_what_one_bus_entry_adds() -> None:
    entry = 256 * 1024
    longest_source_and_type = len("parcelworks.notifications") + 128
    time = 14
    assert MAX_EVENT_BYTES + longest_source_and_type + time <= entry
