"""One quote request to the topic; the filters on the carriers' queues read its attributes."""

import json
from typing import Any

import msgspec

from shared.messaging.envelope import Envelope, decode, encode
from shared.runtime import clock
from shipping.domain.gathering import Gathering


class SnsQuoteRequests:
    """Implements ``shipping.ports.QuoteRequests``. ``client`` is a botocore SNS client."""

    def __init__(self, client: Any, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, gathering: Gathering) -> None:
        """Ask the expected carriers: their filters let the parcel through, and their name."""
        parcel = gathering.parcel
        self._client.publish(
            TopicArn=self._topic_arn,
            Message=encode(quote_requested(gathering)).decode(),
            MessageAttributes={
                "weight_grams": {"DataType": "Number", "StringValue": str(parcel.weight_grams)},
                "country": {"DataType": "String", "StringValue": parcel.country},
                "currency": {"DataType": "String", "StringValue": gathering.currency},
                "asked": {
                    "DataType": "String.Array",
                    "StringValue": json.dumps(gathering.expected),
                },
            },
        )


def quote_requested(gathering: Gathering) -> Envelope:
    """The message that carriers get; its ``event_id`` is the request's id, which they answer to."""
    command = decode(gathering.command)
    return msgspec.structs.replace(
        command,
        type="QuoteRequested",
        schema_version=1,
        occurred_at=clock.now(),
        causation_id=command.event_id,
        data={
            "order_id": gathering.order_id,
            "request_id": gathering.request_id,
            "weight_grams": gathering.parcel.weight_grams,
            "ship_to": {
                "country": gathering.parcel.country,
                "postcode_area": gathering.parcel.postcode_area,
            },
            "currency": gathering.currency,
        },
    )
