"""Deadlines as delayed messages: each comes when its time is up, so nobody has to look."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from shared.messaging.envelope import decode, encode
from shared.runtime import clock
from shipping.domain.quote_aggregation import QuoteAggregation


class SqsDeadlines:
    """Implements ``shipping.ports.Deadlines``; SQS delays a message by 900 seconds at most.

    ``client`` is a botocore SQS client. ``seconds`` says how long an aggregation has that is asked
    for now.
    """

    def __init__(self, client: Any, queue_url: str, seconds: Callable[[], int]) -> None:
        self._client = client
        self._queue_url = queue_url
        self._seconds = seconds

    def set(self, aggregation: QuoteAggregation) -> str:
        """Have a CloseGathering delivered when the time is up."""
        seconds = self._seconds()
        deadline = clock.format_time(datetime.now(UTC) + timedelta(seconds=seconds))
        command = decode(aggregation.command)
        self._client.send_message(
            QueueUrl=self._queue_url,
            DelaySeconds=seconds,
            MessageBody=encode(
                msgspec.structs.replace(
                    command,
                    type="CloseGathering",
                    schema_version=1,
                    occurred_at=clock.now(),
                    causation_id=command.event_id,
                    data={"order_id": aggregation.order_id, "request_id": aggregation.request_id},
                )
            ).decode(),
        )
        return deadline
