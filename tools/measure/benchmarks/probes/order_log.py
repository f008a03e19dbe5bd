"""Makes events of orders as the log carries them: always the same for the same numbers."""

import base64
import json
import uuid
from typing import Any

PLACED = {
    "customer_id": "7c1d6f5e-2f5b-4a5e-9d0a-3a8c6f0e1b22",
    "lines": [
        {"sku": "MUG-BLUE", "quantity": 2, "unit_price": 1290},
        {"sku": "TEA-ASSAM", "quantity": 1, "unit_price": 890},
        {"sku": "TEAPOT-IRON", "quantity": 1, "unit_price": 5490},
    ],
    "currency": "EUR",
    "total": 8960,
    "weight_grams": 2680,
    "ship_to": {
        "address_id": "0d9a5a10-6f0a-4e57-9f1d-4f3a54d9c001",
        "country": "DE",
        "postcode_area": "10",
    },
}
CONFIRMED = {"currency": "EUR", "total": 8960}


def envelope(order: int, version: int) -> dict[str, Any]:
    """The first event places the order, each later one confirms it.

    No real order is confirmed twice; consumers do not judge what the aggregate has decided, so that
    any number of events may follow.
    """
    order_id = str(uuid.UUID(int=order + 1))
    return {
        "event_id": str(uuid.UUID(int=(order + 1) << 32 | version)),
        "type": "OrderPlaced" if version == 1 else "OrderConfirmed",
        "schema_version": 1,
        "aggregate_type": "order",
        "aggregate_id": order_id,
        "version": version,
        "occurred_at": f"2026-11-22T09:{version // 60 % 60:02}:{version % 60:02}.125Z",
        "correlation_id": str(uuid.UUID(int=order + 1)),
        "causation_id": str(uuid.UUID(int=order + 2)),
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "data": PLACED if version == 1 else CONFIRMED,
    }


def kinesis_event(records: int, events_per_order: int) -> dict[str, Any]:
    """What Lambda hands to a consumer: orders interleaved, each one's events in order."""
    orders = records // events_per_order
    return {
        "Records": [
            _record(envelope(order, version), number)
            for number, (version, order) in enumerate(
                (version, order)
                for version in range(1, events_per_order + 1)
                for order in range(orders)
            )
        ]
    }


def _record(event: dict[str, Any], number: int) -> dict[str, Any]:
    sequence = str(49590338271490256608559692538361571095921575989136588898 + number)
    data = json.dumps(event, separators=(",", ":")).encode() + b"\n"
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": event["aggregate_id"],
            "sequenceNumber": sequence,
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": 1795338180.125,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/benchmark",
        "awsRegion": "eu-west-1",
        "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/event-log",
    }
