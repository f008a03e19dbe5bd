"""The projector: each event once and in order, whatever the log brings."""

import msgspec
import pytest

from orders_language.schemas import ORDER_EVENTS
from shared.messaging.envelope import Envelope
from shared.read_models.projector import Change, Checkpoint, Projector
from tests.support.examples.log_of_orders import (
    ORDERS,
    Applied,
    Histories,
    TableInMemory,
    event,
    projector,
    record,
    records,
)

ORDER, OTHER = ORDERS[:2]
PLACED = event(ORDER, 1, "OrderPlaced")
CANCELLED = event(ORDER, 2, "OrderCancelled")
OTHER_PLACED = event(OTHER, 1, "OrderPlaced")


class Killed(BaseException):
    """The process ends here: nobody catches it."""


@pytest.fixture
def table() -> TableInMemory:
    return TableInMemory()


@pytest.fixture
def histories() -> Histories:
    return Histories()


def test_a_batch_makes_one_write_for_each_order(table: TableInMemory, histories: Histories) -> None:
    writes = projector(table, histories).apply(records([PLACED, OTHER_PLACED, CANCELLED]))
    assert writes == table.saves == 2
    assert table.kept[ORDER] == Checkpoint(2, ("1:OrderPlaced", "2:OrderCancelled"))


def test_an_event_that_was_seen_is_not_applied_again(
    table: TableInMemory, histories: Histories
) -> None:
    for _ in range(3):
        projector(table, histories).apply(records([PLACED, CANCELLED]))
    assert table.kept[ORDER].state == ("1:OrderPlaced", "2:OrderCancelled")
    assert table.saves == 1


def test_a_version_that_the_log_did_not_bring_is_fetched(
    table: TableInMemory, histories: Histories
) -> None:
    histories.add(PLACED, CANCELLED)
    projector(table, histories).apply(records([CANCELLED]))
    assert table.kept[ORDER].state == ("1:OrderPlaced", "2:OrderCancelled")


def test_a_version_that_comes_early_does_not_go_first(
    table: TableInMemory, histories: Histories
) -> None:
    projector(table, histories).apply(records([CANCELLED, PLACED]))
    assert table.kept[ORDER].state == ("1:OrderPlaced", "2:OrderCancelled")
    assert histories.asked == 0


def test_an_unknown_type_moves_the_version_and_nothing_else(
    table: TableInMemory, histories: Histories
) -> None:
    gifted = event(ORDER, 2, "OrderGiftWrapped")
    projector(table, histories).apply(records([PLACED, gifted, event(ORDER, 3, "OrderConfirmed")]))
    assert table.kept[ORDER] == Checkpoint(3, ("1:OrderPlaced", "3:OrderConfirmed"))


def test_a_newer_schema_stalls_its_order_alone(table: TableInMemory, histories: Histories) -> None:
    newer = event(ORDER, 2, "OrderCancelled", schema_version=3)
    projector(table, histories).apply(records([PLACED, newer, OTHER_PLACED]))
    assert table.kept[ORDER] == Checkpoint(1, ("1:OrderPlaced",), stalled_at_version=2)
    assert table.kept[OTHER].version == 1
    [parked] = table.parked.values()
    assert (parked.aggregate_id, parked.version) == (ORDER, 2)
    assert "version 3, known up to 2" in parked.reason


def test_an_older_schema_is_lifted_before_it_is_applied(
    table: TableInMemory, histories: Histories
) -> None:
    seen: list[object] = []

    def fold(state: Applied | None, envelope: Envelope) -> Applied:
        seen.append(envelope.data)
        return state or ()

    under_test = Projector(ORDER_EVENTS, table, fold, histories.read_events)
    old = event(ORDER, 2, "OrderCancelled", schema_version=1, data={"reason": "other"})
    under_test.apply(records([PLACED, old]))
    assert seen[-1] == {"reason": "other", "cancelled_by": "customer"}


@pytest.mark.parametrize(
    "garbage",
    [
        b"not json",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"version": 1}',
        b"[" * 100_000,
        b"null" + b" " * 400_000,
    ],
    ids=["text", "list", "empty", "bytes", "part", "deep", "huge"],
)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_record_that_cannot_be_read_is_parked_and_stalls_nobody(
    table: TableInMemory, histories: Histories, garbage: bytes, position: int
) -> None:
    good: list[object] = [PLACED, OTHER_PLACED]
    good.insert(position, garbage)
    projector(table, histories).apply(records(good))  # type: ignore[arg-type]
    assert {key: kept.version for key, kept in table.kept.items()} == {ORDER: 1, OTHER: 1}
    [parked] = table.parked.values()
    assert parked.reason.startswith("not an envelope")
    assert parked.aggregate_id is None
    assert parked.body == (garbage if len(garbage) < 300_000 else None)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_an_event_of_the_wrong_form_stalls_its_order_and_no_other(
    table: TableInMemory, histories: Histories, position: int
) -> None:
    poison = event(ORDER, 1, "OrderPlaced", data={"total": "a lot"})
    batch = [OTHER_PLACED, event(ORDERS[2], 1, "OrderPlaced")]
    batch.insert(position, poison)
    projector(table, histories).apply(records([*batch, CANCELLED]))
    assert table.kept[ORDER] == Checkpoint(0, None, stalled_at_version=1)
    assert table.kept[OTHER].version == table.kept[ORDERS[2]].version == 1
    assert len(table.parked) == 1


def test_later_events_of_a_stalled_order_pass_by(
    table: TableInMemory, histories: Histories
) -> None:
    poison = event(ORDER, 2, "OrderCancelled", data={})
    projector(table, histories).apply(records([PLACED, poison]))
    projector(table, histories).apply(records([event(ORDER, 3, "OrderConfirmed")]))
    assert table.kept[ORDER] == Checkpoint(1, ("1:OrderPlaced",), stalled_at_version=2)
    assert len(table.parked) == 1


def test_a_redriven_order_is_folded_again_from_its_own_history(
    table: TableInMemory, histories: Histories
) -> None:
    poison = event(ORDER, 2, "OrderCancelled", data={})
    under_test = projector(table, histories)
    under_test.apply(records([PLACED, poison]))
    histories.add(PLACED, CANCELLED)
    assert under_test.redrive(ORDER) == 2
    assert table.kept[ORDER] == Checkpoint(2, ("1:OrderPlaced", "2:OrderCancelled"))


def test_an_order_that_still_fails_stays_stalled_when_it_is_redriven(
    table: TableInMemory, histories: Histories
) -> None:
    poison = event(ORDER, 2, "OrderCancelled", data={})
    under_test = projector(table, histories)
    under_test.apply(records([PLACED, poison]))
    stalled = table.kept[ORDER]
    histories.add(PLACED, poison)
    with pytest.raises(Exception, match="missing required field"):
        under_test.redrive(ORDER)
    assert table.kept[ORDER] == stalled


def test_a_version_that_orders_does_not_know_is_parked_and_changes_nothing(
    table: TableInMemory, histories: Histories
) -> None:
    histories.add(PLACED)
    projector(table, histories).apply(records([PLACED, event(ORDER, 9, "OrderConfirmed")]))
    assert table.kept[ORDER] == Checkpoint(1, ("1:OrderPlaced",))
    [parked] = table.parked.values()
    assert "its history has no version 2" in parked.reason


def test_a_passing_failure_holds_the_batch_but_not_the_other_orders(
    table: TableInMemory, histories: Histories
) -> None:
    def throttle(change: Change[Applied]) -> None:
        if change.aggregate_id == ORDER:
            raise TimeoutError("throttled")

    table.before_save = throttle
    batch = records([PLACED, OTHER_PLACED])
    with pytest.raises(TimeoutError):
        projector(table, histories).apply(batch)
    assert set(table.kept) == {OTHER}
    table.before_save = lambda _: None
    projector(table, histories).apply(batch)
    assert set(table.kept) == {ORDER, OTHER}
    assert not table.parked


def test_an_unreachable_history_holds_the_batch_and_parks_nothing(
    table: TableInMemory, histories: Histories
) -> None:
    histories.broken = True
    with pytest.raises(ConnectionError):
        projector(table, histories).apply(records([CANCELLED, OTHER_PLACED]))
    assert set(table.kept) == {OTHER}
    assert not table.parked


def test_a_consumer_that_dies_after_its_write_applies_nothing_twice(
    table: TableInMemory, histories: Histories
) -> None:
    def die(change: Change[Applied]) -> None:
        raise Killed

    table.after_save = die
    with pytest.raises(Killed):
        projector(table, histories).apply(records([PLACED]))
    table.after_save = lambda _: None
    projector(table, histories).apply(records([PLACED, CANCELLED]))
    assert table.kept[ORDER].state == ("1:OrderPlaced", "2:OrderCancelled")


def test_two_consumers_of_a_shard_during_a_hand_over_apply_each_event_once(
    table: TableInMemory, histories: Histories
) -> None:
    old, new = projector(table, histories), projector(table, histories)
    overtaken: list[int] = []

    def overtake(change: Change[Applied]) -> None:
        table.before_save = lambda _: None
        overtaken.append(new.apply(records([PLACED, CANCELLED])))

    table.before_save = overtake
    old.apply(records([PLACED]))
    assert overtaken == [1]
    assert table.kept[ORDER] == Checkpoint(2, ("1:OrderPlaced", "2:OrderCancelled"))


def test_a_record_set_aside_by_an_operator_stalls_its_order(
    table: TableInMemory, histories: Histories
) -> None:
    projector(table, histories).set_aside(record(PLACED), "crashes the consumer")
    projector(table, histories).apply(records([PLACED, CANCELLED]))
    assert table.kept[ORDER] == Checkpoint(0, None, stalled_at_version=1)


def test_integration_events_of_other_services_are_none_of_its_business(
    table: TableInMemory, histories: Histories
) -> None:
    integration_event = msgspec.structs.replace(event(ORDER, 1, "StockReserved"), version=None)
    assert projector(table, histories).apply(records([integration_event])) == 0
    assert not table.kept
    assert not table.parked
