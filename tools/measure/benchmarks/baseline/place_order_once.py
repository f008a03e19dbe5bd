"""Placing an order once, the usual way: Powertools' idempotency, and a transaction with an outbox.

Prices, forms and attributes are those of ``place_order`` beside it. The order and its entry in the
outbox are written together; the idempotency table says who came first and what was answered.
"""

import json
import os
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent,
)
from boto3.dynamodb.types import TypeSerializer
from place_order import NAMESPACE, PlaceOrderForm, _digest, _price

client = boto3.client("dynamodb")
serialize = TypeSerializer().serialize
store = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"])
config = IdempotencyConfig(event_key_jmespath='headers."Idempotency-Key"')


@idempotent(persistence_store=store, config=config)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's
    form = PlaceOrderForm.model_validate_json(event["body"])
    customer_id = event["requestContext"]["authorizer"]["claims"]["sub"]
    key = event["headers"]["Idempotency-Key"]
    order_id = str(uuid.uuid5(NAMESPACE, json.dumps([customer_id, key])))
    placed = _price(customer_id, form)
    item = {
        "order_id": order_id,
        "version": 1,
        "event_id": str(uuid.uuid5(uuid.UUID(order_id), "1")),
        "type": "OrderPlaced",
        "schema_version": 1,
        "occurred_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "correlation_id": str(uuid.uuid4()),
        "causation_id": event["requestContext"]["requestId"],
        "traceparent": f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01",
        "data": placed.model_dump_json(),
        "command_key": _digest(customer_id, key),
        "request_hash": _digest(form.model_dump()),
    }
    entry = {name: serialize(value) for name, value in item.items()}
    client.transact_write_items(
        TransactItems=[
            {
                "Put": {
                    "TableName": os.environ["EVENT_STORE_TABLE"],
                    "Item": entry,
                    "ConditionExpression": "attribute_not_exists(order_id)",
                }
            },
            {"Put": {"TableName": os.environ["OUTBOX_TABLE"], "Item": entry}},
        ]
    )
    answer = {"order_id": order_id, "version": 1, "status": "placed", "total": placed.total}
    return {"statusCode": 202, "body": json.dumps(answer)}


class Context:
    function_name = "place_order_once"
    aws_request_id = "-"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        event = {
            "headers": {"Idempotency-Key": str(uuid.uuid4())},
            "body": os.environ["ORDER"],
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "authorizer": {"claims": {"sub": str(uuid.uuid4())}},
            },
        }
        print(json.dumps(handler(event, Context())))
