"""The gated table on a DynamoDB that refuses, throttles, leaves out and cancels."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.read_models.parked_records import ParkedRecord, ParkedRecords
from shared.read_models.projector import Change, Checkpoint
from shared.read_models.versioned_table import BATCH_EXECUTE, VersionedTable
from shared.runtime.dynamodb_batches import BATCH_GET, ROUNDS, StillUnprocessed
from tests.support.examples.log_of_orders import ORDERS, event, record
from tests.support.fakes.dynamodb_expressions import refusal
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory, refusing

ORDER = ORDERS[0]
PARKED = ParkedRecord.of(
    record(event(ORDER, 2, "OrderCancelled"), 7), "cannot be applied", ORDER, 2
)
State = str


class Codec:
    """The state as one text."""

    def to_item(self, state: State, generation: str) -> dict[str, Any]:
        return {"state": {"S": f"{generation}: {state}"}}

    def from_item(self, item: dict[str, Any]) -> State | None:
        return item["state"]["S"].partition(": ")[2] if "state" in item else None


@pytest.fixture
def database() -> DynamoDbInMemory:
    return DynamoDbInMemory({"views": ("pk",), "parked": ("consumer", "record")})


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def table(database: DynamoDbInMemory, pauses: list[float]) -> VersionedTable[State]:
    parked = ParkedRecords(database, "parked", "test")
    return VersionedTable(database, "views", "pk", "g2", Codec(), parked, pauses.append)


def step(
    base: Checkpoint[State] | None, to: Checkpoint[State], parked: ParkedRecord | None = None
) -> Change[State]:
    return Change(ORDER, base, to, parked)


ONE, TWO = Checkpoint(1, "one"), Checkpoint(2, "two")
STALLED = Checkpoint(1, "one", stalled_at_version=2)
NOTHING_STALLED: Checkpoint[State] = Checkpoint(0, None, stalled_at_version=1)


@pytest.mark.parametrize("checkpoint", [ONE, TWO, STALLED, NOTHING_STALLED], ids=str)
def test_what_was_saved_is_loaded(
    table: VersionedTable[State], checkpoint: Checkpoint[State]
) -> None:
    assert table.save(step(None, checkpoint))
    assert table.load([ORDER]) == {ORDER: checkpoint}


def test_a_generation_knows_nothing_of_another(
    database: DynamoDbInMemory, table: VersionedTable[State]
) -> None:
    other = VersionedTable(
        database, "views", "pk", "g1", Codec(), ParkedRecords(database, "parked", "test")
    )
    table.save(step(None, ONE))
    assert other.load([ORDER]) == {}
    assert other.save(step(None, TWO))
    assert table.load([ORDER]) == {ORDER: ONE}
    assert [item["pk"]["S"] for item in database.items("views")] == [f"g1#{ORDER}", f"g2#{ORDER}"]


CHECKPOINTS = [None, ONE, TWO, STALLED, Checkpoint(1, "one", stalled_at_version=3)]


@pytest.mark.parametrize("parked", [None, PARKED], ids=["plain", "parking"])
@pytest.mark.parametrize("base", CHECKPOINTS, ids=str)
@pytest.mark.parametrize("checkpoint", CHECKPOINTS, ids=str)
def test_a_step_is_made_from_its_own_base_alone(
    database: DynamoDbInMemory,
    table: VersionedTable[State],
    checkpoint: Checkpoint[State] | None,
    base: Checkpoint[State] | None,
    parked: ParkedRecord | None,
) -> None:
    if checkpoint is not None:
        table.save(step(None, checkpoint))
    to = Checkpoint(9, "nine")
    made = table.save(step(base, to, parked))
    assert made == (checkpoint == base)
    assert table.load([ORDER]).get(ORDER) == (to if made else checkpoint)
    assert len(database.items("parked")) == (1 if made and parked else 0)


def test_a_step_and_its_record_are_kept_together_and_told(
    database: DynamoDbInMemory, table: VersionedTable[State], capsys: pytest.CaptureFixture[str]
) -> None:
    assert table.save(step(None, NOTHING_STALLED, PARKED))
    [parked] = database.items("parked")
    assert parked["reason"] == {"S": "cannot be applied"}
    assert parked["aggregate_id"] == {"S": ORDER}
    said = capsys.readouterr().out
    assert '"message":"record parked"' in said
    assert '"RecordsParked":1' in said
    assert database.names().count("transact_write_items") == 1


@pytest.mark.parametrize(
    "codes",
    [
        ["ConditionalCheckFailed", "None"],
        ["ConditionalCheckFailed", "TransactionConflict"],
        ["ConditionalCheckFailed"],
    ],
    ids=str,
)
def test_a_transaction_that_is_cancelled_by_the_gate_is_a_lost_race(
    database: DynamoDbInMemory,
    table: VersionedTable[State],
    capsys: pytest.CaptureFixture[str],
    codes: list[str],
) -> None:
    database.conflicts = [codes]
    assert not table.save(step(None, NOTHING_STALLED, PARKED))
    assert database.items("views") == database.items("parked") == []
    assert "parked" not in capsys.readouterr().out, "nobody is called for what was not parked"


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ValidationError"])
@pytest.mark.parametrize("position", [0, 1])
def test_a_transaction_that_is_cancelled_for_anything_else_is_an_error(
    database: DynamoDbInMemory,
    table: VersionedTable[State],
    capsys: pytest.CaptureFixture[str],
    code: str,
    position: int,
) -> None:
    database.conflicts = [["None"] * position + [code]]
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        table.save(step(None, NOTHING_STALLED, PARKED))
    assert database.items("views") == database.items("parked") == []
    assert "parked" not in capsys.readouterr().out


def test_a_transaction_that_is_cancelled_without_reasons_is_an_error(
    database: DynamoDbInMemory, table: VersionedTable[State]
) -> None:
    def cancel(operation: str, _request: object) -> None:
        if operation == "transact_write_items":
            raise refusal("TransactionCanceledException")

    database.before = cancel
    with pytest.raises(ClientError):
        table.save(step(None, NOTHING_STALLED, PARKED))


@pytest.mark.parametrize("code", ["ThrottlingException", "ValidationException", "InternalError"])
def test_a_write_that_is_refused_is_no_lost_race(
    database: DynamoDbInMemory, table: VersionedTable[State], code: str
) -> None:
    database.before = refusing(code, on="put_item")
    with pytest.raises(ClientError, match=code):
        table.save(step(None, ONE))
    assert database.items("views") == []


MANY = [f"00000000-0000-4000-8000-{n:012d}" for n in range(2 * BATCH_GET + 5)]


@pytest.mark.parametrize("count", [0, 1, BATCH_GET, BATCH_GET + 1, len(MANY)])
def test_however_many_are_asked_for_all_are_loaded(
    database: DynamoDbInMemory, table: VersionedTable[State], count: int
) -> None:
    for order_id in MANY[:count]:
        table.save(Change(order_id, None, Checkpoint(1, order_id)))
    database.calls.clear()
    assert table.load(MANY[:count]) == {its_id: Checkpoint(1, its_id) for its_id in MANY[:count]}
    assert len(database.calls) == -(-count // BATCH_GET)
    for _, request in database.calls:
        assert request["RequestItems"]["views"]["ConsistentRead"] is True


@pytest.mark.parametrize("leaves", [[1], [BATCH_GET], [99, 50, 0], [0, BATCH_GET, 3]], ids=str)
def test_keys_that_are_left_unprocessed_are_asked_for_again(
    database: DynamoDbInMemory, table: VersionedTable[State], pauses: list[float], leaves: list[int]
) -> None:
    for order_id in MANY:
        table.save(Change(order_id, None, Checkpoint(1, order_id)))
    database.leaves = list(leaves)
    assert set(table.load(MANY)) == set(MANY)
    assert len(pauses) == sum(1 for count in leaves if count)
    assert all(0 <= pause < 1 for pause in pauses)


def test_keys_that_are_left_unprocessed_for_ever_hold_the_batch(
    database: DynamoDbInMemory, table: VersionedTable[State], pauses: list[float]
) -> None:
    table.save(step(None, ONE))

    def not_for_ever(_operation: str, _request: object) -> None:
        assert len(database.calls) < 100

    database.before = not_for_ever
    database.leaves = [1] * 1000
    with pytest.raises(StillUnprocessed, match="views"):
        table.load([ORDER])
    assert len(pauses) == ROUNDS - 1


@pytest.mark.parametrize("count", [1, BATCH_EXECUTE, BATCH_EXECUTE + 1, 60])
def test_however_many_begin_all_are_inserted(
    database: DynamoDbInMemory, table: VersionedTable[State], count: int
) -> None:
    made = table.insert([Change(its_id, None, Checkpoint(2, its_id)) for its_id in MANY[:count]])
    assert made == set(MANY[:count])
    assert len(database.calls) == -(-count // BATCH_EXECUTE)
    assert table.load(MANY[:count]) == {its_id: Checkpoint(2, its_id) for its_id in MANY[:count]}


def test_what_is_not_inserted_is_left_to_be_saved_one_by_one(
    database: DynamoDbInMemory, table: VersionedTable[State]
) -> None:
    checkpoint, throttled, late = MANY[0], MANY[1], MANY[27]
    table.save(Change(checkpoint, None, Checkpoint(9, "kept")))
    database.breaks = [None, "ThrottlingError", *[None] * 25, "ValidationError"]
    made = table.insert([Change(its_id, None, Checkpoint(1, its_id)) for its_id in MANY[:30]])
    assert made == set(MANY[:30]) - {checkpoint, throttled, late}
    found = table.load(MANY[:30])
    assert found[checkpoint] == Checkpoint(9, "kept")
    assert not {throttled, late} & set(found)


def test_a_record_that_belongs_to_no_aggregate_is_parked_alone(
    database: DynamoDbInMemory, table: VersionedTable[State]
) -> None:
    table.park(PARKED)
    assert len(database.items("parked")) == 1
    assert database.items("views") == []
