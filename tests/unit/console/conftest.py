"""What the console keeps, in a table in memory."""

from __future__ import annotations

import pytest

from console.adapters.dynamodb_activity import KEY, SORT, DynamoDbActivity
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

TABLE = "activity"


@pytest.fixture
def dynamodb() -> DynamoDbInMemory:
    return DynamoDbInMemory({TABLE: [KEY, SORT]})


@pytest.fixture
def activity(dynamodb: DynamoDbInMemory) -> DynamoDbActivity:
    return DynamoDbActivity(dynamodb, TABLE)
