"""Which generations a warm function reads and writes, and for how long it believes the pointer."""

from __future__ import annotations

import pytest

from shared.read_models.generations import POINTER_SECONDS, Generations
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

KEY = {"pk": {"S": "pointer"}}


class World:
    """A table with a pointer, and a clock; ``reading`` is how many seconds a read takes."""

    def __init__(self) -> None:
        self.database = DynamoDbInMemory({"views": ("pk",)})
        self.database.before = self._takes_time
        self.now, self.reading = 100.0, 0.0
        self.generations = Generations(self.database, "views", KEY, lambda: self.now)

    def point(self, live: str, building: str | None = None) -> None:
        item = {**KEY, "live": {"S": live}}
        if building:
            item["building"] = {"S": building}
        self.database.put_item(TableName="views", Item=item)

    @property
    def reads(self) -> int:
        return self.database.names().count("get_item")

    def _takes_time(self, operation: str, _request: object) -> None:
        if operation == "get_item":
            self.now += self.reading


@pytest.fixture
def world() -> World:
    return World()


def test_before_there_is_a_pointer_the_first_generation_is_all_there_is(world: World) -> None:
    assert world.generations.live == "g1"
    assert world.generations.written == ["g1"]


def test_the_live_one_is_read_and_both_are_written(world: World) -> None:
    world.point("g4", "g5")
    assert world.generations.live == "g4"
    assert world.generations.written == ["g4", "g5"]


def test_a_generation_that_is_built_no_longer_is_written_no_longer(world: World) -> None:
    world.point("g1", "g2")
    assert world.generations.written == ["g1", "g2"]
    world.point("g2")
    world.now += POINTER_SECONDS
    assert world.generations.written == ["g2"]
    assert world.generations.live == "g2"


def test_the_pointer_is_believed_for_a_second_and_no_longer(world: World) -> None:
    world.point("g1")
    assert world.generations.live == "g1"
    world.point("g2")
    world.now += POINTER_SECONDS - 0.001
    assert world.generations.live == "g1"
    assert world.generations.written == ["g1"]
    assert world.reads == 1
    world.now += 0.001
    assert world.generations.live == "g2"
    assert world.reads == 2


def test_a_slow_read_is_believed_from_when_it_was_asked_for(world: World) -> None:
    world.point("g1")
    world.reading = 0.6
    assert world.generations.live == "g1"
    world.point("g2")
    world.now += 0.4
    assert world.generations.live == "g2", "a second after it was asked for, not after its answer"


def test_the_read_is_strongly_consistent(world: World) -> None:
    assert world.generations.live
    [(_, request)] = world.database.calls
    assert request == {"TableName": "views", "Key": KEY, "ConsistentRead": True}
