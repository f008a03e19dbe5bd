"""What an event store asks of DynamoDB: as few calls as possible, and always the latest truth."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from shared.event_sourcing.dynamodb_event_store import DynamoDbEventStore
from tests.support.contracts.event_store_contract import EventStoreContract
from tests.support.examples.parcels import (
    CODEC,
    EVENTS,
    PARCEL,
    SCANNED,
    SENT,
    ParcelEvent,
    ParcelStore,
    recorded,
)
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory, refusing

Store = DynamoDbEventStore[ParcelEvent]


@pytest.fixture
def store(database: DynamoDbInMemory) -> Store:
    return DynamoDbEventStore(database, "parcels", CODEC)


class TestDynamoDbEventStore(EventStoreContract[ParcelEvent]):
    """The contract, for another aggregate than orders."""

    EVENTS = EVENTS

    @pytest.fixture
    def store(self, database: DynamoDbInMemory) -> Store:
        return DynamoDbEventStore(database, "parcels", CODEC)


class TestInMemoryEventStore(EventStoreContract[ParcelEvent]):
    """What commands are tested against keeps it too."""

    EVENTS = EVENTS

    @pytest.fixture
    def store(self) -> ParcelStore:
        return ParcelStore()


def test_an_append_is_one_put_on_the_condition_that_the_version_is_free(
    store: Store, database: DynamoDbInMemory
) -> None:
    store.append(recorded(SENT, 1))
    ((operation, request),) = database.calls
    assert operation == "put_item"
    assert request["ConditionExpression"] == "attribute_not_exists(parcel_id)"
    assert request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


def test_everything_is_read_strongly_consistent(store: Store, database: DynamoDbInMemory) -> None:
    store.first(PARCEL)
    store.history(PARCEL)
    store.envelopes(PARCEL, 0, 10)
    assert database.names() == ["get_item", "query", "query"]
    assert all(request["ConsistentRead"] for _, request in database.calls)


@pytest.mark.parametrize("limit", range(1, 6))
def test_a_stretch_of_events_is_read_with_no_call_too_many(
    limit: int, store: Store, database: DynamoDbInMemory
) -> None:
    for version in range(1, 8):
        store.append(recorded(SCANNED, version))
    database.calls.clear()
    events = store.envelopes(PARCEL, 1, limit)
    assert [event.version for event in events] == list(range(2, limit + 2))
    assert len(database.calls) == -(-limit // 2)
    assert {request["Limit"] for _, request in database.calls} == {limit}


def test_any_other_error_of_dynamodb_is_not_taken_for_a_lost_race(
    store: Store, database: DynamoDbInMemory
) -> None:
    database.before = refusing("AccessDeniedException", on="put_item")
    with pytest.raises(ClientError, match="AccessDenied"):
        store.append(recorded(SENT, 1))
