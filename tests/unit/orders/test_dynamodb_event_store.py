"""What the event store asks of DynamoDB: as few calls as possible, and always the latest truth."""

import pytest
from botocore.exceptions import ClientError

from orders.adapters.dynamodb_event_store import DynamoDbEventStore
from orders.domain.events import OrderEvent
from shared.runtime import aws
from tests.support.contracts.event_store_contract import EventStoreContract
from tests.support.examples.orders import (
    EVENTS,
    PLACED,
    cancel,
    place,
    recorded,
)
from tests.support.fakes.dynamodb_wire import PAGE_ITEMS, DynamoDbWire


@pytest.fixture
def store(event_store: DynamoDbWire) -> DynamoDbEventStore:
    return DynamoDbEventStore(aws.client("dynamodb"), "event-store")


class TestDynamoDbEventStore(EventStoreContract[OrderEvent]):
    """The contract, without a network; the integration tests hold the deployed table to it."""

    EVENTS = EVENTS

    @pytest.fixture
    def store(self, event_store: DynamoDbWire) -> DynamoDbEventStore:
        return DynamoDbEventStore(aws.client("dynamodb"), "event-store")


def test_an_append_is_one_put_on_the_condition_that_the_version_is_free(
    store: DynamoDbEventStore, event_store: DynamoDbWire
) -> None:
    store.append(recorded(PLACED, 1))
    (request,) = event_store.requests
    assert request["ConditionExpression"] == "attribute_not_exists(order_id)"
    assert request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


def test_a_later_command_is_one_query_and_one_put(
    store: DynamoDbEventStore, event_store: DynamoDbWire
) -> None:
    order_id = place(store).aggregate_id
    event_store.calls.clear()
    cancel(store, order_id)
    assert event_store.calls == ["Query", "PutItem"]


def test_everything_is_read_strongly_consistent(
    store: DynamoDbEventStore, event_store: DynamoDbWire
) -> None:
    order_id = place(store).aggregate_id
    event_store.requests.clear()
    store.first(order_id)
    store.history(order_id)
    store.envelopes(order_id, 0, 10)
    assert [request["ConsistentRead"] for request in event_store.requests] == [True] * 3


@pytest.mark.parametrize("limit", range(1, 2 * PAGE_ITEMS + 2))
def test_a_stretch_of_events_is_read_with_no_call_too_many(
    limit: int, store: DynamoDbEventStore, event_store: DynamoDbWire
) -> None:
    for version in range(1, 3 * PAGE_ITEMS + 1):
        store.append(recorded(PLACED, version))
    order_id = recorded(PLACED, 1).aggregate_id
    event_store.calls.clear()
    events = store.envelopes(order_id, 1, limit)
    assert [event.version for event in events] == list(range(2, limit + 2))
    assert len(event_store.calls) == -(-limit // PAGE_ITEMS)


def test_any_other_error_of_dynamodb_is_not_taken_for_a_lost_race(
    store: DynamoDbEventStore, event_store: DynamoDbWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_store, "_put_item", lambda _asked: (400, {"__type": "x#Denied"}))
    with pytest.raises(ClientError, match="Denied"):
        store.append(recorded(PLACED, 1))
