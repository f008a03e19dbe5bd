"""The projector where a table refuses, a history is bad or silent, and what is parked then."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import msgspec
import pytest
from botocore.exceptions import ClientError

from orders_language.schemas import ORDER_EVENTS
from shared.messaging.envelope import Envelope, encode
from shared.messaging.log_records import LogRecord, Unreadable
from shared.read_models.parked_records import ParkedRecord
from shared.read_models.projector import ATTEMPTS, Change, Checkpoint, Contended, Projector
from tests.support.examples.log_of_orders import (
    ORDERS,
    Applied,
    Histories,
    TableInMemory,
    collect,
    event,
    projector,
    record,
    records,
)
from tests.support.fakes.dynamodb_expressions import refusal

ORDER, OTHER, THIRD = ORDERS[:3]
PLACED = event(ORDER, 1, "OrderPlaced")
CONFIRMED = event(ORDER, 2, "OrderConfirmed")
CANCELLED = event(ORDER, 3, "OrderCancelled")
SAID = {1: "1:OrderPlaced", 2: "2:OrderConfirmed", 3: "3:OrderCancelled"}
NO_FORM = {"total": "a lot"}


@pytest.fixture
def table() -> TableInMemory:
    return TableInMemory()


@pytest.fixture
def histories() -> Histories:
    return Histories()


def the_parked(table: TableInMemory) -> ParkedRecord:
    [parked] = table.parked.values()
    return parked


def holds(parked: ParkedRecord, of: LogRecord, version: int) -> bool:
    """Whether it is that record, said to be of that version of the order."""
    return (parked.shard, parked.sequence, parked.body, parked.aggregate_id, parked.version) == (
        of.shard,
        of.sequence,
        of.body,
        ORDER,
        version,
    )


def neighbours(number: int = 1) -> list[Envelope]:
    return [event(it, 1, "OrderPlaced") for it in (OTHER, THIRD)[:number]]


# A table that refuses.


@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_state_that_the_table_never_takes_stalls_its_order_as_it_was(
    table: TableInMemory, histories: Histories, before: int
) -> None:
    history = [PLACED, CONFIRMED, CANCELLED]
    if before:
        projector(table, histories).apply(records(history[:before]))
    kept = table.kept.get(ORDER, Checkpoint(0, None))
    table.refuses = {(ORDER, SAID[before + 1])}
    arrived = [record(it, 10 + (it.version or 0)) for it in history[before:]]
    projector(table, histories).apply([*arrived, *records(neighbours(2))])
    assert table.kept[ORDER] == Checkpoint(kept.version, kept.state, stalled_at_version=before + 1)
    assert table.kept[OTHER].version == table.kept[THIRD].version == 1
    parked = the_parked(table)
    assert holds(parked, arrived[0], before + 1)
    assert parked.reason.startswith("refused by the table: ")
    assert "ValidationException" in parked.reason


def test_a_refused_state_whose_first_event_came_from_history_parks_the_record_that_came(
    table: TableInMemory, histories: Histories
) -> None:
    projector(table, histories).apply(records([PLACED]))
    histories.add(PLACED, CONFIRMED, CANCELLED)
    table.refuses = {(ORDER, SAID[2])}
    came = record(CANCELLED, 33)
    projector(table, histories).apply([came])
    assert table.kept[ORDER] == Checkpoint(1, (SAID[1],), stalled_at_version=2)
    assert holds(the_parked(table), came, 2)


def test_a_refusal_that_meets_another_consumer_is_judged_again(
    table: TableInMemory, histories: Histories
) -> None:
    projector(table, histories).apply(records([PLACED]))
    table.refuses = {(ORDER, SAID[2])}
    calls: list[Change[Applied]] = []

    def overtake(change: Change[Applied]) -> None:
        calls.append(change)
        if len(calls) == 2:  # the parking: meanwhile somebody with other code has applied it
            table.kept[ORDER] = Checkpoint(2, ("theirs",))

    table.before_save = overtake
    projector(table, histories).apply(records([CONFIRMED]))
    assert table.kept[ORDER] == Checkpoint(2, ("theirs",))
    assert not table.parked


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError", ""])
def test_a_refusal_that_may_pass_parks_nothing(
    table: TableInMemory, histories: Histories, code: str
) -> None:
    def refuse(_change: Change[Applied]) -> None:
        raise refusal(code)

    table.before_save = refuse
    with pytest.raises(ClientError):
        projector(table, histories).apply(records([PLACED]))
    assert not table.kept
    assert not table.parked


def test_a_record_that_cannot_even_be_parked_is_an_error_and_no_endless_parking(
    table: TableInMemory, histories: Histories
) -> None:
    calls: list[Change[Applied]] = []

    def refuse(change: Change[Applied]) -> None:
        calls.append(change)
        raise refusal("ValidationException")

    table.before_save = refuse
    poison = event(ORDER, 1, "OrderPlaced", data=NO_FORM)
    with pytest.raises(ClientError, match="ValidationException"):
        projector(table, histories).apply(records([poison]))
    assert len(calls) == 1
    assert calls[0].parked is not None


# A history with a bad event, or none.


def test_an_event_from_history_that_cannot_be_applied_stalls_its_order(
    table: TableInMemory, histories: Histories
) -> None:
    projector(table, histories).apply(records([PLACED]))
    histories.add(PLACED, event(ORDER, 2, "OrderConfirmed", data={}), CANCELLED)
    came = record(CANCELLED, 33)
    projector(table, histories).apply([came, *records(neighbours())])
    assert table.kept[ORDER] == Checkpoint(1, (SAID[1],), stalled_at_version=2)
    assert table.kept[OTHER].version == 1
    parked = the_parked(table)
    assert holds(parked, came, 2)
    assert parked.reason.startswith("OrderConfirmed cannot be applied: ")


def test_what_was_applied_before_a_bad_event_is_kept_with_the_stall(
    table: TableInMemory, histories: Histories
) -> None:
    bad = record(event(ORDER, 3, "OrderCancelled", data={}), 3)
    projector(table, histories).apply([*records([PLACED, CONFIRMED]), bad])
    assert table.kept[ORDER] == Checkpoint(2, (SAID[1], SAID[2]), stalled_at_version=3)
    assert holds(the_parked(table), bad, 3)
    assert table.saves == 1


def test_every_record_beyond_a_version_that_nobody_has_is_parked_as_it_is(
    table: TableInMemory, histories: Histories
) -> None:
    histories.add(PLACED)
    fifth, seventh = (record(event(ORDER, n, "OrderConfirmed"), 50 + n) for n in (5, 7))
    projector(table, histories).apply([seventh, record(PLACED, 1), fifth])
    assert table.kept[ORDER] == Checkpoint(1, (SAID[1],))
    first, second = table.parked.values()
    assert holds(first, fifth, 5)
    assert holds(second, seventh, 7)
    assert first.reason == second.reason == f"its history has no version 2 of {ORDER}"


def test_an_order_that_nobody_knows_leaves_no_state(
    table: TableInMemory, histories: Histories
) -> None:
    came = record(CONFIRMED, 9)
    assert projector(table, histories).apply([came]) == 0
    assert not table.kept
    assert holds(the_parked(table), came, 2)


def test_what_stands_before_a_missing_version_is_applied_and_not_parked(
    table: TableInMemory, histories: Histories
) -> None:
    histories.add(PLACED, CONFIRMED)
    late = record(event(ORDER, 4, "OrderCancelled"), 4)
    projector(table, histories).apply([record(CONFIRMED, 2), late])
    assert table.kept[ORDER] == Checkpoint(2, (SAID[1], SAID[2]))
    assert holds(the_parked(table), late, 4)


def test_a_history_that_knows_more_than_the_batch_is_taken_at_once(
    table: TableInMemory, histories: Histories
) -> None:
    histories.add(PLACED, CONFIRMED, CANCELLED)
    assert projector(table, histories).apply(records([CONFIRMED])) == 1
    assert table.kept[ORDER] == Checkpoint(3, (SAID[1], SAID[2], SAID[3]))


@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_history_that_cannot_be_reached_holds_back_no_other_order(
    table: TableInMemory, histories: Histories, position: int
) -> None:
    for order_id in (ORDER, OTHER, THIRD):
        histories.add(event(order_id, 1, "OrderPlaced"))
    ids = [OTHER, THIRD]
    ids.insert(position, ORDER)
    histories.unreachable = {ORDER}
    batch = records([event(it, 2, "OrderConfirmed") for it in ids])
    for order_id in (OTHER, THIRD):
        histories.add(event(order_id, 2, "OrderConfirmed"))
    with pytest.raises(ConnectionError):
        projector(table, histories).apply(batch)
    assert {key: kept.version for key, kept in table.kept.items()} == {OTHER: 2, THIRD: 2}
    assert not table.parked
    histories.unreachable = set()
    histories.add(CONFIRMED)
    projector(table, histories).apply(batch)
    assert table.kept[ORDER].version == 2


def test_a_history_that_cannot_be_read_stalls_its_order_at_what_came_first(
    table: TableInMemory, histories: Histories
) -> None:
    projector(table, histories).apply(records([PLACED]))

    def read_events(_order: str, _after: int) -> list[Envelope]:
        raise msgspec.ValidationError("no envelope")

    fourth, third = (record(event(ORDER, n, "OrderConfirmed"), n) for n in (4, 3))
    batch = [fourth, record(PLACED, 1), third, *records(neighbours())]
    assert Projector(ORDER_EVENTS, table, collect, read_events).apply(batch) == 2
    assert table.kept[ORDER] == Checkpoint(1, (SAID[1],), stalled_at_version=3)
    assert table.kept[OTHER].version == 1
    parked = the_parked(table)
    assert holds(parked, third, 3)
    assert parked.reason == f"the history of {ORDER} cannot be read: no envelope"


def test_what_begins_is_not_looked_for_unless_it_has_to_be(histories: Histories) -> None:
    looked_for: list[str] = []

    class Noting(TableInMemory):
        def load(self, ids: Sequence[str]) -> Mapping[str, Checkpoint[Applied]]:
            looked_for.extend(ids)
            return super().load(ids)

    batch = records([PLACED, event(OTHER, 2, "OrderConfirmed")])
    projector(Noting({OTHER: Checkpoint(1, (SAID[1],))}), histories).apply(batch)
    assert looked_for == [OTHER]


def test_of_several_failures_the_first_one_is_raised(
    table: TableInMemory, histories: Histories
) -> None:
    def refuse(change: Change[Applied]) -> None:
        raise TimeoutError(change.aggregate_id)

    table.before_save = refuse
    with pytest.raises(TimeoutError, match=ORDER):
        projector(table, histories).apply(records([PLACED, *neighbours(2)]))


def test_an_integration_events_history_without_versions_fills_no_gap(
    table: TableInMemory, histories: Histories
) -> None:
    integration_event = msgspec.structs.replace(event(ORDER, 1, "StockReserved"), version=None)

    def read_events(_order: str, _after: int) -> list[Envelope]:
        return [PLACED, integration_event, CONFIRMED]

    Projector(ORDER_EVENTS, table, collect, read_events).apply(records([CONFIRMED]))
    assert table.kept[ORDER] == Checkpoint(2, (SAID[1], SAID[2]))


# Races.


def test_an_order_that_others_keep_changing_is_given_up_for_now(
    table: TableInMemory, histories: Histories
) -> None:
    others: list[Checkpoint[Applied]] = [
        Checkpoint(0, ("theirs",)),
        Checkpoint(0, ("yet another's",)),
    ] * ATTEMPTS
    tries = 0

    def overtake(_change: Change[Applied]) -> None:
        nonlocal tries
        table.kept[ORDER] = others[tries]
        tries += 1

    table.before_save = overtake
    with pytest.raises(Contended, match=ORDER):
        projector(table, histories).apply(records([CONFIRMED, PLACED]))
    assert tries == 1 + ATTEMPTS  # the first one with the other new orders


def test_an_order_that_another_consumer_has_stalled_meanwhile_is_passed_by(
    table: TableInMemory, histories: Histories, capsys: pytest.CaptureFixture[str]
) -> None:
    def stall(_change: Change[Applied]) -> None:
        table.kept[ORDER] = Checkpoint(0, None, stalled_at_version=1)

    table.before_save = stall
    assert projector(table, histories).apply(records([PLACED, CONFIRMED])) == 0
    assert table.kept[ORDER] == Checkpoint(0, None, stalled_at_version=1)
    assert '"EventsPassedByStalled":2' in capsys.readouterr().out


# Many orders, and several writers.


@pytest.mark.parametrize("count", [1, 15, 16, 40])
@pytest.mark.parametrize("failing", [None, 0, -1])
def test_however_many_writers_there_are_each_order_is_written_once(
    histories: Histories, count: int, failing: int | None
) -> None:
    ids = [f"00000000-0000-4000-8000-{n:012d}" for n in range(count)]
    table = TableInMemory()
    bad = None if failing is None else ids[failing]

    def refuse(change: Change[Applied]) -> None:
        if change.aggregate_id == bad:
            raise TimeoutError(bad)

    table.before_save = refuse
    under_test = Projector(ORDER_EVENTS, table, collect, histories.read_events, writers=8)
    batch = records([event(it, 1, "OrderPlaced") for it in ids])
    if bad is None:
        assert under_test.apply(batch) == count
    else:
        with pytest.raises(TimeoutError, match=bad):
            under_test.apply(batch)
    assert set(table.kept) == set(ids) - {bad}
    assert table.saves == len(table.kept)


@pytest.mark.parametrize(("count", "alone"), [(1, True), (15, True), (16, False), (17, False)])
def test_only_where_it_pays_do_several_writers_share_the_orders(
    histories: Histories, count: int, alone: bool
) -> None:
    writers: set[int] = set()

    def note(_change: Change[Applied]) -> None:
        writers.add(threading.get_ident())

    table = TableInMemory(before_save=note)
    batch = records(
        [event(f"00000000-0000-4000-8000-{n:012d}", 1, "OrderPlaced") for n in range(count)]
    )
    under_test = Projector(ORDER_EVENTS, table, collect, histories.read_events, writers=8)
    assert under_test.apply(batch) == count
    assert (writers == {threading.get_ident()}) == alone


def test_a_batch_that_was_seen_is_written_no_more(
    table: TableInMemory, histories: Histories
) -> None:
    batch = records([PLACED, CONFIRMED])
    assert projector(table, histories).apply(batch) == 1
    assert projector(table, histories).apply(batch) == 0


def test_one_new_order_that_could_not_be_inserted_is_saved(histories: Histories) -> None:
    class Refusing(TableInMemory):
        def insert(self, changes: object) -> set[str]:
            return set()

    table = Refusing()
    assert projector(table, histories).apply(records([PLACED])) == 1
    assert table.kept[ORDER] == Checkpoint(1, (SAID[1],))


def test_a_history_is_asked_only_for_what_comes_after_what_is_there(table: TableInMemory) -> None:
    asked: list[tuple[str, int]] = []

    def read_events(order_id: str, after: int) -> list[Envelope]:
        asked.append((order_id, after))
        return [it for it in (PLACED, CONFIRMED, CANCELLED) if (it.version or 0) > after]

    under_test = Projector(ORDER_EVENTS, table, collect, read_events)
    under_test.apply(records([PLACED, CANCELLED]))
    assert asked == [(ORDER, 1)]
    assert table.kept[ORDER] == Checkpoint(3, (SAID[1], SAID[2], SAID[3]))


def test_orders_that_begin_and_those_that_go_on_are_counted_together(
    table: TableInMemory, histories: Histories
) -> None:
    projector(table, histories).apply(records([PLACED]))
    assert projector(table, histories).apply(records([CONFIRMED, *neighbours(2)])) == 3


def test_an_insertion_that_fails_as_a_whole_is_made_one_by_one(
    histories: Histories, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failing(TableInMemory):
        def insert(self, changes: object) -> set[str]:
            raise TimeoutError

    table = Failing()
    assert projector(table, histories).apply(records([PLACED, *neighbours(2)])) == 3
    assert len(table.kept) == 3


def test_only_what_is_complete_from_the_beginning_is_inserted_together(
    histories: Histories,
) -> None:
    asked: list[str] = []

    class Noting(TableInMemory):
        def insert(self, changes: object) -> set[str]:
            asked.extend(change.aggregate_id for change in changes)  # type: ignore[attr-defined]
            return set()

    table = Noting({THIRD: Checkpoint(1, (SAID[1],))})
    histories.add(*(event(OTHER, n, "OrderPlaced") for n in (1, 2)))
    batch = [
        PLACED,
        CONFIRMED,
        event(OTHER, 1, "OrderPlaced"),
        event(OTHER, 3, "OrderCancelled"),
        event(THIRD, 2, "OrderConfirmed"),
        event(ORDERS[3], 1, "OrderPlaced", data=NO_FORM),
    ]
    projector(table, histories).apply(records(batch))
    assert asked == [ORDER]
    assert {key: kept.version for key, kept in table.kept.items()} == {
        ORDER: 2,
        OTHER: 3,
        THIRD: 2,
        ORDERS[3]: 0,
    }


# What an operator does.


def stalled(table: TableInMemory, histories: Histories) -> Projector[Applied]:
    """An order that waits at its second version for a redrive."""
    under_test = projector(table, histories)
    under_test.apply(records([PLACED, event(ORDER, 2, "OrderConfirmed", data={})]))
    return under_test


def test_a_redrive_reads_only_what_is_not_kept(table: TableInMemory, histories: Histories) -> None:
    stalled(table, histories)
    asked: list[tuple[str, int]] = []

    def read_events(order_id: str, after: int) -> list[Envelope]:
        asked.append((order_id, after))
        return [CONFIRMED, CANCELLED]

    assert Projector(ORDER_EVENTS, table, collect, read_events).redrive(ORDER) == 3
    assert asked == [(ORDER, 1)]
    assert table.kept[ORDER] == Checkpoint(3, (SAID[1], SAID[2], SAID[3]))


def test_an_order_of_which_nothing_is_kept_is_redriven_from_its_beginning(
    table: TableInMemory, histories: Histories
) -> None:
    histories.add(PLACED, CONFIRMED)
    assert projector(table, histories).redrive(ORDER) == 2
    assert table.kept[ORDER] == Checkpoint(2, (SAID[1], SAID[2]))


def test_a_redrive_that_meets_another_writer_is_an_error(
    table: TableInMemory, histories: Histories
) -> None:
    under_test = stalled(table, histories)
    histories.add(PLACED, CONFIRMED)

    def overtake(_change: Change[Applied]) -> None:
        table.kept[ORDER] = Checkpoint(5, ("theirs",))

    table.before_save = overtake
    with pytest.raises(Contended, match=ORDER):
        under_test.redrive(ORDER)
    assert table.kept[ORDER] == Checkpoint(5, ("theirs",))


def test_a_record_that_can_be_read_by_now_is_applied(
    table: TableInMemory, histories: Histories
) -> None:
    projector(table, histories).reapply(record(PLACED))
    assert table.kept[ORDER] == Checkpoint(1, (SAID[1],))


def test_a_record_that_still_cannot_be_read_is_said_to_be_and_not_parked_again(
    table: TableInMemory, histories: Histories
) -> None:
    with pytest.raises(Unreadable):
        projector(table, histories).reapply(record(b"not json"))
    assert not table.parked


def test_an_order_that_is_set_aside_keeps_what_it_had(
    table: TableInMemory, histories: Histories
) -> None:
    under_test = projector(table, histories)
    under_test.apply(records([PLACED]))
    crashing = record(CONFIRMED, 22)
    under_test.set_aside(crashing, "crashes the consumer")
    assert table.kept[ORDER] == Checkpoint(1, (SAID[1],), stalled_at_version=2)
    parked = the_parked(table)
    assert holds(parked, crashing, 2)
    assert parked.reason == "crashes the consumer"


def test_an_integration_event_or_what_is_no_envelope_is_set_aside_and_stalls_nobody(
    table: TableInMemory, histories: Histories
) -> None:
    under_test = projector(table, histories)
    integration_event = msgspec.structs.replace(event(ORDER, 1, "StockReserved"), version=None)
    under_test.set_aside(record(encode(integration_event), 1), "by hand")
    under_test.set_aside(record(b"not json", 2), "by hand")
    assert not table.kept
    first, second = table.parked.values()
    assert (first.aggregate_id, first.version, first.reason) == (ORDER, None, "by hand")
    assert (second.aggregate_id, second.version, second.reason) == (None, None, "by hand")
    assert second.body == b"not json"


def test_setting_aside_what_somebody_is_writing_is_an_error(
    table: TableInMemory, histories: Histories
) -> None:
    def overtake(_change: Change[Applied]) -> None:
        table.kept[ORDER] = Checkpoint(5, ("theirs",))

    table.before_save = overtake
    with pytest.raises(Contended):
        projector(table, histories).set_aside(record(PLACED), "by hand")
    assert not table.parked


def test_another_kind_of_aggregate_is_none_of_its_business(
    table: TableInMemory, histories: Histories
) -> None:
    customer = event(ORDER, 1, "OrderPlaced", aggregate_type="customer")
    assert projector(table, histories).apply(records([customer])) == 0
    assert not table.kept


def test_an_unknown_type_and_a_repaired_gap_are_counted(
    table: TableInMemory, histories: Histories, capsys: pytest.CaptureFixture[str]
) -> None:
    histories.add(PLACED, event(ORDER, 2, "OrderGiftWrapped" + "x" * 100), CANCELLED)
    projector(table, histories).apply(records([CANCELLED]))
    said = capsys.readouterr().out
    assert '"GapsRepaired":1' in said
    assert '"UnknownEventTypes":1' in said
    assert f'"type":"{("OrderGiftWrapped" + "x" * 100)[:64]}"' in said
