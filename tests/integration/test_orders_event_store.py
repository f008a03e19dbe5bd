"""The event store on DynamoDB keeps the contract, on the deployed table."""

import os
import uuid
from typing import Any

import pytest
from botocore.session import Session

from orders.adapters.dynamodb_event_store import DynamoDbEventStore
from orders.domain.events import OrderEvent
from tests.support.contracts.event_store_contract import EventStoreContract
from tests.support.drivers.offline import Deployment
from tests.support.examples.orders import EVENTS, PLACED, recorded


@pytest.fixture(scope="module")
def client(deployment: Deployment) -> Any:
    """A botocore client, as the functions have it, for the emulator."""
    outputs = deployment.outputs
    return Session().create_client(
        "dynamodb",
        region_name=outputs["region"],
        endpoint_url=outputs["endpoint"],
        aws_access_key_id=outputs["account"],
        aws_secret_access_key="test",
    )


@pytest.fixture(scope="module")
def table(deployment: Deployment) -> str:
    return deployment.named("orders", "tables", "EventStore")


class TestDynamoDbEventStore(EventStoreContract[OrderEvent]):
    EVENTS = EVENTS

    @pytest.fixture
    def store(self, client: Any, table: str) -> DynamoDbEventStore:
        return DynamoDbEventStore(client, table)

    def test_a_history_over_one_megabyte_is_read_to_its_end(
        self, store: DynamoDbEventStore, client: Any, table: str
    ) -> None:
        order_id = str(uuid.uuid4())
        padding = {"S": os.urandom(100_000).hex()}
        for version in range(1, 8):
            event = recorded(PLACED, version, order_id=order_id)
            store.append(event)
            client.update_item(
                TableName=table,
                Key={"order_id": {"S": order_id}, "version": {"N": str(version)}},
                UpdateExpression="SET padding = :padding",
                ExpressionAttributeValues={":padding": padding},
            )
        assert [event.version for event in store.history(order_id)] == [1, 2, 3, 4, 5, 6, 7]
        assert [e.version for e in store.envelopes(order_id, 2, 3)] == [3, 4, 5]
        assert len(store.envelopes(order_id, 0, 100)) == 7
