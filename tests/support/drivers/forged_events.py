"""A record that no consumer can apply, put on the log by nobody who may."""

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.support.drivers.offline import Deployment


def put(deployment: Deployment, body: bytes) -> dict[str, str]:
    """Put a record on the log; where it stands."""
    answer = deployment.cloud.client("kinesis").put_record(
        StreamName=deployment.named("event-log", "streams", "EventStream"),
        PartitionKey="operators",
        Data=body,
    )
    return {"shard": answer["ShardId"], "sequence": answer["SequenceNumber"]}


def put_forged(deployment: Deployment) -> dict[str, Any]:
    """Put an event of no order whose data has the wrong types; the event, and where it stands."""
    event = {
        "event_id": str(uuid.uuid4()),
        "type": "OrderPlaced",
        "schema_version": 1,
        "aggregate_type": "order",
        "aggregate_id": str(uuid.uuid4()),
        "version": 1,
        "occurred_at": "2026-12-01T09:30:00.125Z",
        "correlation_id": str(uuid.uuid4()),
        "causation_id": None,
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "data": {"lines": "none"},
    }
    return {**event, **put(deployment, json.dumps(event).encode())}
