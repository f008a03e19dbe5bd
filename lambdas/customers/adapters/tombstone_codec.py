"""A tombstone as DynamoDB keeps it, and the integration event that the bus makes of it."""

import json
import uuid

from customers.domain.customer import Tombstone
from shared.messaging.envelope import Envelope

NAMESPACE = uuid.UUID("0b0c7f4e-55e5-5d0c-9a59-3e2a8f0b4d11")
Item = dict[str, dict[str, str]]


def to_item(tombstone: Tombstone) -> Item:
    """DynamoDB attributes; the table's stream carries all of them."""
    return {
        "customer_id": {"S": tombstone.customer_id},
        "forgotten_at": {"S": tombstone.forgotten_at},
        "correlation_id": {"S": tombstone.correlation_id},
        "causation_id": {"S": tombstone.causation_id},
        "traceparent": {"S": tombstone.traceparent},
    }


def from_item(item: Item) -> Tombstone:
    """The tombstone that ``to_item`` wrote."""
    return Tombstone(
        customer_id=item["customer_id"]["S"],
        forgotten_at=item["forgotten_at"]["S"],
        correlation_id=item["correlation_id"]["S"],
        causation_id=item["causation_id"]["S"],
        traceparent=item["traceparent"]["S"],
    )


def to_integration_event(tombstone: Tombstone) -> Envelope:
    """``CustomerForgotten``, with an id that follows from the customer's: a repetition is known."""
    name = json.dumps(["CustomerForgotten", tombstone.customer_id])
    return Envelope(
        event_id=str(uuid.uuid5(NAMESPACE, name)),
        type="CustomerForgotten",
        schema_version=1,
        aggregate_type="customer",
        aggregate_id=tombstone.customer_id,
        version=None,
        occurred_at=tombstone.forgotten_at,
        correlation_id=tombstone.correlation_id,
        causation_id=tombstone.causation_id,
        traceparent=tombstone.traceparent,
        data={"customer_id": tombstone.customer_id},
    )
