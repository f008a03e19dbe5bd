"""Carriers' reports on DynamoDB, each with the integration event that its stream lets out."""

import hashlib
import uuid
from typing import Any, cast

import msgspec
from botocore.exceptions import ClientError

from orders_language.messages import about_order
from shared.messaging.envelope import Envelope, encode
from shared.runtime import clock
from shipping.domain.errors import TrackingEventReused
from shipping.domain.shipment import Shipment
from shipping.ports import TrackingEvent


class DynamoDbTrackingEvents:
    """Implements ``shipping.ports.TrackingEvents``.

    The table's key is ``order_id`` (S) and ``report`` (S). ``client`` is a botocore DynamoDB
    client.
    """

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def add(self, event: TrackingEvent, shipment: Shipment) -> bool:
        """One put on the condition that the report is new."""
        digest = hashlib.sha256(msgspec.json.encode(event)).hexdigest()
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    "order_id": {"S": shipment.order_id},
                    "report": {"S": f"{event.carrier}#{event.event_id}"},
                    "digest": {"S": digest},
                    "fact": {"S": encode(_shipment_tracked(event, shipment)).decode()},
                },
                ConditionExpression="attribute_not_exists(order_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            if cast(dict[str, Any], error.response)["Item"]["digest"]["S"] != digest:
                raise TrackingEventReused from error
            return False
        return True


def _shipment_tracked(event: TrackingEvent, shipment: Shipment) -> Envelope:
    return about_order(
        "ShipmentTracked",
        shipment.order_id,
        {
            "shipment_id": shipment.id,
            "carrier": event.carrier,
            "tracking_number": event.tracking_number,
            "status": event.status,
            "happened_at": event.happened_at,
        },
        event_id=str(uuid.uuid5(uuid.UUID(shipment.id), f"{event.carrier}:{event.event_id}")),
        occurred_at=clock.now(),
        correlation_id=shipment.context.correlation_id,
        causation_id=None,  # a carrier's system caused it: nothing that has an id here
        traceparent=shipment.context.traceparent,
    )
