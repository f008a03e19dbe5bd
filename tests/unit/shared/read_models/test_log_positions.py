"""A consumer notes how far it has read: seldom, after the batch, and no batch fails by it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.read_models.log_positions import MOST_SHARDS, LogPosition, LogPositions
from shared.read_models.parked_records import ParkedRecords
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory, refusing

ARRIVED = 1796117400.125


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database() -> DynamoDbInMemory:
    return DynamoDbInMemory({"parked": ("consumer", "record")})


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def positions(database: DynamoDbInMemory, seconds: Seconds) -> LogPositions:
    return LogPositions(database, "parked", "sales", seconds)


def batch(*sequences: str, shard: str = "shard-0", arrived: float | None = ARRIVED) -> Any:
    kinesis = {} if arrived is None else {"approximateArrivalTimestamp": arrived}
    return {"Records": [{"eventID": f"{shard}:{it}", "kinesis": kinesis} for it in sequences]}


def test_the_last_record_of_a_batch_is_noted_with_its_arrival(positions: LogPositions) -> None:
    positions.reached(batch("7", "8", "9"))
    (found,) = positions.all()
    assert (found.shard, found.sequence) == ("shard-0", "9")
    assert found.arrived_at == "2026-12-01T09:30:00.125Z"
    assert found.applied_at.endswith("Z")


def test_a_shard_is_noted_once_a_second_and_each_shard_by_itself(
    positions: LogPositions, database: DynamoDbInMemory, seconds: Seconds
) -> None:
    positions.reached(batch("1"))
    positions.reached(batch("1", shard="shard-1"))
    for number in range(2, 50):
        seconds.now += 0.02
        positions.reached(batch(str(number)))
    assert database.names() == ["put_item", "put_item"]
    seconds.now = 101.0
    positions.reached(batch("50"))
    assert [(it.shard, it.sequence) for it in positions.all()] == [
        ("shard-0", "50"),
        ("shard-1", "1"),
    ]


def test_under_a_load_that_goes_on_a_shard_is_noted_once_in_ten_seconds(
    positions: LogPositions, database: DynamoDbInMemory, seconds: Seconds
) -> None:
    def noted(duration: int) -> int:
        """How often, with a batch in each second."""
        database.calls.clear()
        for number in range(duration):
            seconds.now += 1
            positions.reached(batch(str(number)))
        return len(database.names())

    noted(60)
    assert 9 <= noted(100) <= 11
    seconds.now += 120  # nothing came: of what comes then each batch is noted again
    assert noted(5) == 5


def test_a_position_that_cannot_be_written_fails_no_batch_and_is_not_tried_again_at_once(
    positions: LogPositions, database: DynamoDbInMemory, seconds: Seconds
) -> None:
    database.before = refusing("ProvisionedThroughputExceededException", on="put_item")
    positions.reached(batch("1"))
    positions.reached(batch("2"))
    assert positions.all() == []
    seconds.now += 1
    positions.reached(batch("3"))
    assert [it.sequence for it in positions.all()] == ["3"]


@pytest.mark.parametrize("event", [{"Records": []}, {}, {"Records": [{"eventID": "x"}]}])
def test_an_event_of_another_form_fails_no_batch(positions: LogPositions, event: Any) -> None:
    positions.reached(event)
    assert positions.all() == []


def test_a_record_without_a_time_of_arrival_is_noted_without_it(positions: LogPositions) -> None:
    positions.reached(batch("1", arrived=None))
    (found,) = positions.all()
    assert found == LogPosition("shard-0", "1", None, found.applied_at)


def test_no_consumer_sees_anothers_positions_nor_takes_them_for_parked_records(
    positions: LogPositions, database: DynamoDbInMemory
) -> None:
    positions.reached(batch("1"))
    assert LogPositions(database, "parked", "order-view").all() == []
    parked = ParkedRecords(database, "parked", "sales")
    assert list(parked.all()) == []
    assert parked.count(10) == 0
    assert parked.among(batch("1")) == frozenset()


def test_an_answer_has_a_bounded_number_of_shards(
    positions: LogPositions, database: DynamoDbInMemory
) -> None:
    for number in range(MOST_SHARDS + 5):
        positions.reached(batch("1", shard=f"shard-{number}"))
    assert len(positions.all()) == MOST_SHARDS
