"""Deadlines as delayed messages: each comes when its time is up, so nobody has to look."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from shared import clock
from shared.envelope import decode, encode
from shipping.domain.gathering import Gathering


class SqsDeadlines:
    """Implements ``shipping.ports.Deadlines``; SQS delays a message by 900 seconds at most.

    ``client`` is a botocore SQS client.
    """

    def __init__(self, client: Any, queue_url: str, seconds: int) -> None:
        self._client = client
        self._queue_url = queue_url
        self._seconds = seconds

    def set(self, gathering: Gathering) -> str:
        """Have a CloseGathering delivered when the time is up."""
        deadline = clock.format_time(datetime.now(UTC) + timedelta(seconds=self._seconds))
        command = decode(gathering.command)
        self._client.send_message(
            QueueUrl=self._queue_url,
            DelaySeconds=self._seconds,
            MessageBody=encode(
                msgspec.structs.replace(
                    command,
                    type="CloseGathering",
                    schema_version=1,
                    occurred_at=clock.now(),
                    causation_id=command.event_id,
                    data={"order_id": gathering.order_id, "request_id": gathering.request_id},
                )
            ).decode(),
        )
        return deadline
