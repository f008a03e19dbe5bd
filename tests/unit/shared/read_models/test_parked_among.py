"""A consumer passes by what an operator set aside, and reads little to know what that is."""

from typing import Any

import pytest

from shared.messaging.log_records import LogRecord
from shared.read_models.parked_records import ParkedRecord, ParkedRecords
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

MANY = 10_000
SHARD = "shard-0"


@pytest.fixture
def database() -> DynamoDbInMemory:
    return DynamoDbInMemory({"parked": ("consumer", "record")}, page=100)


@pytest.fixture
def parked(database: DynamoDbInMemory) -> ParkedRecords:
    return ParkedRecords(database, "parked", "sales")


def set_aside(database: DynamoDbInMemory, *numbers: int, shard: str = SHARD) -> None:
    """By an operator's function, which is another process."""
    elsewhere = ParkedRecords(database, "parked", "sales")
    for number in numbers:
        elsewhere.park(ParkedRecord.of(LogRecord(shard, str(number), b"crashes"), "it crashes"))
    database.calls.clear()


def batch(*numbers: int, shard: str = SHARD) -> Any:
    return {"Records": [{"eventID": f"{shard}:{number}"} for number in numbers]}


def items_read(database: DynamoDbInMemory) -> int:
    return sum(
        len(database.query(**request)["Items"])
        for name, request in list(database.calls)
        if name == "query"
    )


def test_a_process_asks_once_of_each_shard_when_nothing_is_parked(
    parked: ParkedRecords, database: DynamoDbInMemory
) -> None:
    for number in range(0, 100, 10):
        for shard in (SHARD, "shard-1"):
            found = parked.among(batch(*range(number, number + 10), shard=shard))
            assert found == frozenset()
    assert database.names() == ["query", "query"]


@pytest.mark.parametrize("place", [90, 95, 100])
def test_a_record_is_found_at_both_ends_of_a_batch_and_between(
    place: int, parked: ParkedRecords, database: DynamoDbInMemory
) -> None:
    set_aside(database, 89, place, 101)
    assert parked.among(batch(*range(90, 101))) == {(SHARD, str(place))}


def test_the_next_ones_are_found_when_a_batch_reaches_them(
    parked: ParkedRecords, database: DynamoDbInMemory
) -> None:
    set_aside(database, 7, 25, 26, 999)
    found = [parked.among(batch(*range(at, at + 10))) for at in range(0, 40, 10)]
    assert found == [{(SHARD, "7")}, frozenset(), {(SHARD, "25"), (SHARD, "26")}, frozenset()]


def test_a_batch_that_comes_again_from_an_earlier_place_is_asked_about_again(
    parked: ParkedRecords, database: DynamoDbInMemory
) -> None:
    set_aside(database, 3)
    assert parked.among(batch(10, 11)) == frozenset()
    assert parked.among(batch(2, 3, 4)) == {(SHARD, "3")}
    assert parked.among(batch(2, 3, 4)) == {(SHARD, "3")}


def test_what_is_parked_behind_is_not_read_however_much_it_is(
    parked: ParkedRecords, database: DynamoDbInMemory
) -> None:
    set_aside(database, *range(MANY))
    for at in range(MANY, MANY + 100, 10):
        assert parked.among(batch(*range(at, at + 10))) == frozenset()
    assert database.names() == ["query"]
    assert items_read(database) == 0


def test_of_many_that_are_parked_only_a_batchs_own_are_read(
    parked: ParkedRecords, database: DynamoDbInMemory
) -> None:
    set_aside(database, *range(MANY))
    assert parked.among(batch(*range(500, 510))) == {(SHARD, str(it)) for it in range(500, 510)}
    assert items_read(database) == 1 + 10


def test_another_shards_and_another_consumers_records_are_not_passed_by(
    parked: ParkedRecords, database: DynamoDbInMemory
) -> None:
    set_aside(database, 5, shard="shard-00")
    other = ParkedRecords(database, "parked", "order-view")
    other.park(ParkedRecord.of(LogRecord(SHARD, "5", b"crashes"), "it crashes"))
    assert parked.among(batch(4, 5, 6)) == frozenset()
    assert parked.among(batch(4, 5, 6, shard="shard-00")) == {("shard-00", "5")}
