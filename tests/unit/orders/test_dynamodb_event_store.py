"""What the event store asks of DynamoDB: as few calls as possible, and always the latest truth."""

import pytest

from orders.adapters.dynamodb_event_store import DynamoDbEventStore
from orders.domain.events import OrderEvent
from shared.runtime import aws
from tests.support.contracts.event_store_contract import EventStoreContract
from tests.support.examples.orders import (
    EVENTS,
    cancel,
    place,
)
from tests.support.fakes.dynamodb_wire import DynamoDbWire


@pytest.fixture
def store(event_store: DynamoDbWire) -> DynamoDbEventStore:
    return DynamoDbEventStore(aws.client("dynamodb"), "event-store")


class TestDynamoDbEventStore(EventStoreContract[OrderEvent]):
    """The contract, without a network; the integration tests hold the deployed table to it."""

    EVENTS = EVENTS

    @pytest.fixture
    def store(self, event_store: DynamoDbWire) -> DynamoDbEventStore:
        return DynamoDbEventStore(aws.client("dynamodb"), "event-store")


def test_a_later_command_is_one_query_and_one_put(
    store: DynamoDbEventStore, event_store: DynamoDbWire
) -> None:
    order_id = place(store).aggregate_id
    event_store.calls.clear()
    cancel(store, order_id)
    assert event_store.calls == ["Query", "PutItem"]
