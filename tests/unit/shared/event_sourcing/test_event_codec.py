"""What is written to an event store is read back as it was, and published without its secrets."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.event_sourcing.event_codec import EventCodec
from shared.event_sourcing.recorded import VersionTaken, digest
from shared.messaging.envelope import encode
from shared.messaging.event_schemas import EventSchemas, NewerSchema
from tests.support.examples.parcels import (
    CODEC,
    EVENTS,
    SCANNED,
    SCHEMAS,
    SENT,
    TYPES,
    ParcelEvent,
    Scanned,
    Sent,
    SentForm,
    recorded,
)
from tests.support.examples.recorded import NINE

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
events: st.SearchStrategy[ParcelEvent] = st.builds(Sent, texts, texts) | st.builds(
    Scanned, texts, texts
)


@given(events, st.integers(1, 10**9))
def test_an_event_is_read_back_as_it_was_written(event: ParcelEvent, version: int) -> None:
    written = recorded(event, version)
    assert CODEC.from_item(CODEC.to_item(written)) == written


def test_an_item_has_the_aggregates_own_key_and_nothing_of_another_one() -> None:
    item = CODEC.to_item(recorded(SCANNED, 2))
    assert item.keys() == {
        *("parcel_id", "version", "event_id", "type", "schema_version", "occurred_at", "data"),
        *("correlation_id", "causation_id", "traceparent", "command_key", "request_hash"),
    }
    assert item["version"] == {"N": "2"}
    assert item["schema_version"] == {"N": "2"}


def test_further_attributes_are_kept_beside_and_read_by_nobody() -> None:
    by_day = EventCodec(
        SCHEMAS, TYPES, "parcel_id", lambda event: {"day": {"S": event.occurred_at[:10]}}
    )
    written = recorded(SENT, 1)
    item = by_day.to_item(written)
    assert item == CODEC.to_item(written) | {"day": {"S": NINE[:10]}}
    assert by_day.from_item(item) == written


@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_the_log_learns_what_happened_to_what_and_why(event: ParcelEvent) -> None:
    stored = recorded(event, 2)
    envelope = CODEC.to_envelope(CODEC.to_item(stored))
    assert (envelope.type, envelope.version) == (type(event).__name__, 2)
    assert (envelope.aggregate_type, envelope.aggregate_id) == ("parcel", stored.aggregate_id)
    assert (envelope.event_id, envelope.occurred_at) == (stored.event_id, stored.occurred_at)
    assert envelope.schema_version == SCHEMAS.current[envelope.type]
    assert envelope.correlation_id == stored.command.correlation_id
    assert envelope.causation_id == stored.command.causation_id
    assert envelope.traceparent == stored.command.traceparent
    assert envelope.data == msgspec.to_builtins(event)


def test_what_recognises_repetitions_stays_in_the_store() -> None:
    stored = recorded(SENT, 1)
    line = encode(CODEC.to_envelope(CODEC.to_item(stored)))
    for secret in (stored.command.key, stored.command.request_hash):
        assert f'"{secret}"'.encode() not in line


def test_an_older_event_is_read_as_the_newest_and_published_as_it_is() -> None:
    item = CODEC.to_item(recorded(SCANNED, 2)) | {
        "schema_version": {"N": "1"},
        "data": {"S": '{"depot": "south"}'},
    }
    codec = EventCodec(SCHEMAS, TYPES, "parcel_id")
    assert codec.from_item(item).event == Scanned("south", "hand")
    envelope = CODEC.to_envelope(item)
    assert (envelope.schema_version, envelope.data) == (1, {"depot": "south"})


def test_an_event_of_newer_code_is_refused() -> None:
    item = CODEC.to_item(recorded(SCANNED, 2)) | {"schema_version": {"N": "3"}}
    with pytest.raises(NewerSchema):
        CODEC.from_item(item)


def test_an_event_of_a_kind_that_nobody_knows_is_not_read_as_another() -> None:
    item = CODEC.to_item(recorded(SENT, 1)) | {"type": {"S": "Teleported"}}
    with pytest.raises(KeyError):
        CODEC.from_item(item)


def test_what_is_published_and_what_the_domain_has_are_the_same_types() -> None:
    published = EventSchemas("parcel", {"Sent": 1}, {"Sent": SentForm})
    with pytest.raises(ValueError, match=r"not both: Scanned$"):
        EventCodec(published, TYPES, "parcel_id")
    with pytest.raises(ValueError, match=r"not both: Scanned$"):
        EventCodec(SCHEMAS, {"Sent": Sent}, "parcel_id")


def test_whose_version_was_taken_is_said() -> None:
    stored = recorded(SCANNED, 2)
    assert str(VersionTaken(stored)) == f"{stored.aggregate_id} has a version 2"


def test_a_digest_ignores_the_order_of_keys_and_nothing_else() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a") == "0eb5b8d6f81bc677da8a08567cc4fa9a06a57e9ec8da85ed73a7f62727996002"
