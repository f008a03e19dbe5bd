"""Commands on any aggregate: each appends exactly one event, or refuses and appends none."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.event_sourcing.changing import (
    AppendConflict,
    IdempotencyKeyReused,
    NotFound,
    begin,
    change,
    id_for,
)
from shared.event_sourcing.recorded import UNKNOWN_REQUEST, CommandMetadata, RecordedEvent
from tests.support.examples.parcels import (
    PARCEL,
    SENDER,
    SENT,
    AlreadyThere,
    Parcel,
    ParcelEvent,
    ParcelStore,
    Scanned,
    Sent,
    recorded,
)
from tests.support.examples.recorded import ELEVEN, NINE, TEN, metadata

SPACE = uuid.UUID("0a3b0a0e-6d0f-5a53-9d2e-0b9f6a0c7a55")
Parcels = RecordedEvent[ParcelEvent]


class TooHeavy(Exception):
    """What the domain says."""


@pytest.fixture
def store() -> ParcelStore:
    return ParcelStore()


def send(
    store: ParcelStore,
    command: CommandMetadata | None = None,
    at: str = NINE,
    weight: int = 1,
    limit: int = 10,
) -> Parcels:
    def decide() -> ParcelEvent:
        if weight > limit:
            raise TooHeavy
        return SENT

    return begin(store, lambda: at, PARCEL, command or metadata(), decide, refusals=TooHeavy)


def scan(
    store: ParcelStore,
    depot: str,
    command: CommandMetadata | None = None,
    at: str = TEN,
    sender: str = SENDER,
) -> Parcels:
    return change(
        store,
        lambda: at,
        PARCEL,
        command or metadata(key=f"to {depot}"),
        Parcel.replay,
        lambda parcel: parcel.scan(depot),
        is_callers=lambda first: isinstance(first, Sent) and first.sender == sender,
    )


def test_what_begins_is_the_first_event(store: ParcelStore) -> None:
    command = metadata()
    assert send(store, command) == Parcels(
        PARCEL, 1, str(uuid.uuid5(uuid.UUID(PARCEL), "1")), NINE, SENT, command
    )
    assert store.count == 1


def test_the_same_key_and_body_get_the_first_answer_again(store: ParcelStore) -> None:
    first = send(store, at=NINE)
    assert [send(store, at=TEN), send(store, at=ELEVEN)] == [first, first]
    assert store.count == 1


def test_the_same_key_with_another_body_is_refused(store: ParcelStore) -> None:
    send(store, metadata(request_hash="one"))
    with pytest.raises(IdempotencyKeyReused):
        send(store, metadata(request_hash="another"))
    assert store.count == 1


def test_what_came_back_from_the_archive_is_the_answer_to_whoever_brings_its_key(
    store: ParcelStore,
) -> None:
    first = send(store, metadata(request_hash=UNKNOWN_REQUEST))
    assert send(store, metadata(request_hash="any")) == first
    assert store.count == 1


def test_what_is_refused_begins_nothing(store: ParcelStore) -> None:
    with pytest.raises(TooHeavy):
        send(store, weight=11)
    assert store.count == 0


def test_what_would_be_refused_today_and_was_accepted_yesterday_is_answered(
    store: ParcelStore,
) -> None:
    first = send(store)
    assert send(store, limit=0) == first
    with pytest.raises(IdempotencyKeyReused):
        send(store, metadata(request_hash="another"), limit=0)


def test_without_a_refusal_of_its_own_an_error_asks_nothing_of_the_store(
    store: ParcelStore,
) -> None:
    send(store)

    def decide() -> ParcelEvent:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        begin(store, lambda: NINE, PARCEL, metadata(), decide)


def test_a_change_is_the_next_event(store: ParcelStore) -> None:
    send(store)
    scanned = scan(store, "south")
    assert (scanned.version, scanned.event) == (2, Scanned("south", "belt"))
    assert scanned.event_id == str(uuid.uuid5(uuid.UUID(PARCEL), "2"))
    assert store.history(PARCEL)[1:] == [scanned]


def test_a_repeated_change_gets_the_first_answer_though_others_came_after(
    store: ParcelStore,
) -> None:
    send(store)
    first = scan(store, "south")
    scan(store, "east")
    assert scan(store, "south", at=ELEVEN) == first
    assert store.count == 3


def test_a_changes_key_with_another_body_is_refused(store: ParcelStore) -> None:
    send(store)
    scan(store, "south", metadata("k-2", "one"))
    with pytest.raises(IdempotencyKeyReused):
        scan(store, "south", metadata("k-2", "another"))


def test_the_key_that_began_may_change_too(store: ParcelStore) -> None:
    send(store, metadata("k-1", "one"))
    assert scan(store, "south", metadata("k-1", "another")).version == 2


def test_what_the_aggregate_refuses_is_not_appended(store: ParcelStore) -> None:
    send(store)
    with pytest.raises(AlreadyThere):
        scan(store, "north")
    assert store.count == 1


def test_what_nobody_began_is_not_found(store: ParcelStore) -> None:
    with pytest.raises(NotFound) as missing:
        scan(store, "south")
    assert missing.value.aggregate_id == PARCEL


def test_somebody_elses_is_as_good_as_none(store: ParcelStore) -> None:
    send(store)
    with pytest.raises(NotFound):
        scan(store, "south", sender="somebody else")
    assert store.count == 1


def test_whoever_asks_of_nobody_in_particular_may_change_anybodys(store: ParcelStore) -> None:
    send(store)
    changed = change(
        store, lambda: TEN, PARCEL, metadata("k-2"), Parcel.replay, lambda it: it.scan("south")
    )
    assert changed.version == 2


def test_an_aggregate_may_have_a_word_of_its_own_for_what_is_not_there(
    store: ParcelStore,
) -> None:
    with pytest.raises(LookupError, match=PARCEL):
        change(
            store,
            lambda: TEN,
            PARCEL,
            metadata(),
            Parcel.replay,
            lambda it: it.scan("south"),
            not_found=LookupError,
        )


def test_a_lost_append_decides_once_more(store: ParcelStore) -> None:
    send(store)
    store.rivals = [lambda: scan(store, "south")]
    assert scan(store, "east").version == 3


def test_a_lost_append_may_find_that_there_is_nothing_left_to_do(store: ParcelStore) -> None:
    send(store)
    store.rivals = [lambda: scan(store, "south", metadata("somebody else's"))]
    with pytest.raises(AlreadyThere):
        scan(store, "south")
    assert store.count == 2


def test_a_command_that_lost_to_its_own_repetition_gets_that_answer(store: ParcelStore) -> None:
    send(store)
    store.rivals = [lambda: scan(store, "south")]
    assert scan(store, "south") == store.history(PARCEL)[1]
    assert store.count == 2


def test_a_command_that_loses_twice_asks_to_come_again(store: ParcelStore) -> None:
    send(store)
    store.rivals = [lambda: scan(store, "south"), lambda: scan(store, "west")]
    with pytest.raises(AppendConflict) as conflict:
        scan(store, "east")
    assert conflict.value.aggregate_id == PARCEL
    assert "east" not in [it.event.depot for it in store.history(PARCEL)]


def test_time_never_goes_back_within_an_aggregate(store: ParcelStore) -> None:
    send(store, at=TEN)
    assert scan(store, "south", at=NINE).occurred_at == TEN
    assert scan(store, "east", at=ELEVEN).occurred_at == ELEVEN


def test_events_share_the_journey_that_began_with_the_first(store: ParcelStore) -> None:
    sent = send(store)
    command = metadata("k-2")
    scanned = scan(store, "south", command)
    assert scanned.command.correlation_id == sent.command.correlation_id
    assert scanned.command.causation_id == command.causation_id


def test_a_change_goes_on_after_the_last_version_that_there_is(store: ParcelStore) -> None:
    for version in (1, 2, 5):
        store.append(recorded(SENT, version))
    assert scan(store, "south").version == 6


@given(st.text(), st.text(), st.text(), st.text())
def test_an_id_mixes_up_no_customers_and_keys(a: str, b: str, c: str, d: str) -> None:
    assert (id_for(SPACE, a, b) == id_for(SPACE, c, d)) == ((a, b) == (c, d))


def test_two_types_of_aggregate_never_share_an_id() -> None:
    assert id_for(SPACE, "a") != id_for(uuid.NAMESPACE_URL, "a")
