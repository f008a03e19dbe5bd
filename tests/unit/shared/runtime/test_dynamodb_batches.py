"""Batches of items: all of them, in as few calls as DynamoDB allows, whatever it leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from shared.runtime.dynamodb_batches import (
    BATCH_WRITE,
    LONGEST_PAUSE,
    ROUNDS,
    StillUnprocessed,
    read_items,
    write_items,
)
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory


def no_pause(_seconds: float) -> None:
    raise AssertionError("nothing was left out")


@pytest.fixture
def database() -> DynamoDbInMemory:
    return DynamoDbInMemory({"items": ("id",)})


def puts(count: int) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": {"id": {"S": f"{n:03d}"}}}} for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, BATCH_WRITE, BATCH_WRITE + 1, 3 * BATCH_WRITE])
def test_every_write_is_made_in_as_few_calls_as_possible(
    database: DynamoDbInMemory, count: int
) -> None:
    write_items(database, "items", puts(count), no_pause)
    assert len(database.items("items")) == count
    assert len(database.calls) == -(-count // BATCH_WRITE)


@pytest.mark.parametrize("leaves", [[25, 24, 23], [0, 25, 0], [1] * (ROUNDS - 1)], ids=str)
def test_what_is_left_out_is_written_again_after_a_pause(
    database: DynamoDbInMemory, leaves: list[int]
) -> None:
    pauses: list[float] = []
    database.leaves = list(leaves)
    write_items(database, "items", puts(60), pauses.append)
    assert len(database.items("items")) == 60
    assert len(pauses) == sum(1 for count in leaves if count)
    assert all(0 <= pause <= LONGEST_PAUSE for pause in pauses)


def test_what_is_left_out_for_ever_is_an_error_that_names_the_table(
    database: DynamoDbInMemory,
) -> None:
    pauses: list[float] = []
    database.leaves = [1] * ROUNDS
    with pytest.raises(StillUnprocessed, match="items"):
        write_items(database, "items", puts(30), pauses.append)
    assert database.names() == ["batch_write_item"] * ROUNDS
    assert len(pauses) == ROUNDS - 1
    assert len(database.items("items")) == 24, "nothing was begun after it"


def test_what_was_read_comes_once_though_the_rest_is_asked_for_again(
    database: DynamoDbInMemory,
) -> None:
    write_items(database, "items", puts(50), no_pause)
    database.leaves = [49, 1]
    keys = [{"id": {"S": f"{n:03d}"}} for n in range(60)]
    found = [item["id"]["S"] for item in read_items(database, "items", keys, lambda _: None)]
    assert found == [f"{n:03d}" for n in range(50)]


def test_pauses_grow_and_differ(database: DynamoDbInMemory) -> None:
    longest = [0.0] * (ROUNDS - 1)
    for _ in range(200):
        pauses: list[float] = []
        database.leaves = [1] * (ROUNDS - 1)
        write_items(database, "items", puts(1), pauses.append)
        longest = [max(pair) for pair in zip(longest, pauses, strict=True)]
        database.tables["items"].clear()
    assert longest == sorted(longest)
    assert len(set(longest)) == len(longest)
    assert longest[-1] > 0.5
