"""Items of a restore: what a throttled table leaves out is written again, and not for ever."""

from __future__ import annotations

from typing import Any

import pytest

from shared.runtime.dynamodb_batches import ROUNDS
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.recovery import tables

ITEMS: list[Any] = [{"sku": {"S": f"sku-{number}"}} for number in range(60)]


@pytest.fixture
def database() -> DynamoDbInMemory:
    return DynamoDbInMemory({"stock": ("sku",)})


@pytest.fixture
def target(database: DynamoDbInMemory) -> Target:
    return Target("here", "dev", lambda _service: database, is_offline=True)


def test_what_is_left_out_is_written_again(target: Target, database: DynamoDbInMemory) -> None:
    database.leaves = [10, 3, 0, 24]
    tables.put_all(target, "stock", ITEMS)
    assert len(database.items("stock")) == len(ITEMS)


def test_a_table_that_goes_on_throttling_is_said(
    target: Target, database: DynamoDbInMemory
) -> None:
    database.leaves = [1] * ROUNDS
    with pytest.raises(OperationFailed, match=r"stock leaves a part .* goes on where it ended"):
        tables.put_all(target, "stock", ITEMS)
