"""Keeping an order view the usual way: Powertools' BatchProcessor, pydantic and TypeSerializer.

It does what ``order_views.handlers.project_orders`` does for records that arrive in order: parse,
then write the view, never an older version over a newer one. One record after another, as the
processor works: one write for each.
"""

from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord
from boto3.dynamodb.types import TypeSerializer
from pydantic import BaseModel

processor = BatchProcessor(event_type=EventType.KinesisDataStreams)
client = boto3.client("dynamodb")
serialize = TypeSerializer().serialize

TABLE = "order-view"
STATUS_AFTER = {
    "OrderConfirmed": "confirmed",
    "OrderRejected": "rejected",
    "OrderCancelled": "cancelled",
}


class Envelope(BaseModel):
    event_id: str
    type: str
    schema_version: int
    aggregate_type: str
    aggregate_id: str
    version: int | None
    occurred_at: str
    correlation_id: str
    causation_id: str | None
    traceparent: str
    data: dict[str, Any]


class Line(BaseModel):
    sku: str
    quantity: int
    unit_price: int


class OrderPlaced(BaseModel):
    customer_id: str
    lines: list[Line]
    currency: str
    total: int
    ship_to: dict[str, str]


def apply(record: KinesisStreamRecord) -> None:
    event = Envelope.model_validate_json(record.kinesis.data_as_bytes())
    if event.type == "OrderPlaced":
        _place(event)
    else:
        _advance(event)


def _place(event: Envelope) -> None:
    placed = OrderPlaced.model_validate(event.data)
    view = {
        "view_id": f"g1#{event.aggregate_id}",
        "customer": f"g1#{placed.customer_id}",
        "placed": f"{event.occurred_at}#{event.aggregate_id}",
        "order_id": event.aggregate_id,
        "version": event.version,
        "customer_id": placed.customer_id,
        "status": "placed",
        "currency": placed.currency,
        "total": placed.total,
        "lines": [line.model_dump() for line in placed.lines],
        "ship_to": placed.ship_to,
        "placed_at": event.occurred_at,
        "updated_at": event.occurred_at,
    }
    client.put_item(
        TableName=TABLE,
        Item={name: serialize(value) for name, value in view.items()},
        ConditionExpression="attribute_not_exists(view_id)",
    )


def _advance(event: Envelope) -> None:
    values = {
        ":status": STATUS_AFTER[event.type],
        ":version": event.version,
        ":at": event.occurred_at,
        ":reason": event.data.get("reason"),
    }
    client.update_item(
        TableName=TABLE,
        Key={"view_id": serialize(f"g1#{event.aggregate_id}")},
        UpdateExpression="SET #s = :status, version = :version, updated_at = :at, reason = :reason",
        ConditionExpression="version < :version",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={name: serialize(value) for name, value in values.items()},
    )


def handler(event: dict[str, Any], context: Any) -> Any:
    return process_partial_response(
        event=event, record_handler=apply, processor=processor, context=context
    )
