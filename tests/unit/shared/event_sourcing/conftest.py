"""The functions of a second aggregate, with AWS answered from memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.runtime import aws, environment
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from tests.support.fakes.fake_kinesis import FakeKinesis


@pytest.fixture
def database() -> DynamoDbInMemory:
    """Two items to a page: a short history already has several."""
    return DynamoDbInMemory({"parcels": ("parcel_id", "version")}, page=2)


@pytest.fixture
def kinesis(database: DynamoDbInMemory, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKinesis]:
    """The log; functions find it and the database."""
    log = FakeKinesis()
    monkeypatch.setenv("EVENT_STORE_TABLE", "parcels")
    monkeypatch.setenv("EVENT_STREAM_ARN", "arn:stream")
    monkeypatch.setattr(aws, "client", {"kinesis": log, "dynamodb": database}.__getitem__)
    environment.forget()
    yield log
    environment.forget()
