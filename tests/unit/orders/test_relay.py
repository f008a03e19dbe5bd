"""Orders' relay: its events are on the log under their order, from the stream and when asked."""

from typing import Any

import pytest

from orders.adapters.event_codec import CODEC
from orders.handlers import relay
from shared.runtime import aws
from shared.runtime.environment import forget
from tests.support.examples.orders import CANCELLED, PLACED, recorded
from tests.support.fakes.dynamodb_wire import DynamoDbWire
from tests.support.fakes.fake_kinesis import FakeKinesis

ORDER = recorded(PLACED, 1).aggregate_id


@pytest.fixture
def kinesis(event_store: DynamoDbWire, monkeypatch: pytest.MonkeyPatch) -> FakeKinesis:
    """The log; the event store holds three events of one order."""
    for version in (1, 2, 3):
        event = recorded(PLACED if version == 1 else CANCELLED, version)
        event_store.items[ORDER, version] = CODEC.to_item(event)
    fake = FakeKinesis()
    monkeypatch.setenv("EVENT_STREAM_ARN", "arn:stream")
    clients = {"kinesis": fake, "dynamodb": aws.client("dynamodb")}
    monkeypatch.setattr(aws, "client", clients.__getitem__)
    forget()
    return fake


def batch(*items: dict[str, Any]) -> dict[str, Any]:
    return {"Records": [{"eventName": "INSERT", "dynamodb": {"NewImage": item}} for item in items]}


def test_a_batch_is_published_under_its_order(kinesis: FakeKinesis) -> None:
    items = [CODEC.to_item(recorded(PLACED, 1)), CODEC.to_item(recorded(CANCELLED, 2))]
    relay.handler(batch(*items), None)
    assert kinesis.acknowledged == [CODEC.to_envelope(item) for item in items]
    assert {record["PartitionKey"] for call in kinesis.calls for record in call} == {ORDER}


def test_an_item_that_names_an_order_in_its_data_goes_where_that_orders_events_go(
    kinesis: FakeKinesis,
) -> None:
    item = CODEC.to_item(recorded(PLACED, 1)) | {"data": {"S": '{"order_id": "another"}'}}
    relay.handler(batch(item), None)
    assert kinesis.calls[0][0]["PartitionKey"] == "another"


def test_the_versions_that_reconciliation_asks_for_are_published_in_order(
    kinesis: FakeKinesis,
) -> None:
    request = {"republish": [{"order_id": ORDER, "versions": [3, 1, 9]}]}
    assert relay.handler(request, None) == {"republished": 2}
    assert kinesis.versions(ORDER) == [1, 3]
