"""One quote request to the topic; the filters on the carriers' queues read its attributes."""

import json
from typing import Any

import msgspec

from shared.messaging.envelope import Envelope, decode, encode
from shared.runtime import clock
from shipping.domain.quote_aggregation import QuoteAggregation


class SnsQuoteRequests:
    """Implements ``shipping.ports.QuoteRequests``. ``client`` is a botocore SNS client."""

    def __init__(self, client: Any, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, aggregation: QuoteAggregation) -> None:
        """Ask the expected carriers: their filters let the parcel through, and their name."""
        parcel = aggregation.parcel
        self._client.publish(
            TopicArn=self._topic_arn,
            Message=encode(quote_requested(aggregation)).decode(),
            MessageAttributes={
                "weight_grams": {"DataType": "Number", "StringValue": str(parcel.weight_grams)},
                "country": {"DataType": "String", "StringValue": parcel.country},
                "currency": {"DataType": "String", "StringValue": aggregation.currency},
                "asked": {
                    "DataType": "String.Array",
                    "StringValue": json.dumps(aggregation.expected),
                },
            },
        )


def quote_requested(aggregation: QuoteAggregation) -> Envelope:
    """The message that carriers get; its ``event_id`` is the request's id, which they answer to."""
    command = decode(aggregation.command)
    return msgspec.structs.replace(
        command,
        type="QuoteRequested",
        schema_version=1,
        occurred_at=clock.now(),
        causation_id=command.event_id,
        data={
            "order_id": aggregation.order_id,
            "request_id": aggregation.request_id,
            "weight_grams": aggregation.parcel.weight_grams,
            "ship_to": {
                "country": aggregation.parcel.country,
                "postcode_area": aggregation.parcel.postcode_area,
            },
            "currency": aggregation.currency,
        },
    )
