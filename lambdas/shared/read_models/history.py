"""An aggregate's events, read from its owner: the function that the owner publishes for it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from shared.messaging.envelope import Envelope

PAGE = 500
PATIENCE = 11
"""Seconds that a reader of the log waits for one answer: a little longer than its owner's function
may take. A call that is given up goes on there, and the next one begins anew: a history that always
takes longer than the wait would hold the shard for ever. All four attempts fit into a batch's time.
"""


class HistoryUnavailable(Exception):
    """The owner's function answered with an error; trying again later may help."""


class AggregateHistory:
    """Calls a function that takes ``{order_id, after_version, limit}`` and answers
    ``{events, next_version}``, where ``order_id`` stands for the name of the aggregate's id.

    ``client`` is a botocore Lambda client.
    """

    id_name: str

    def __init__(self, client: Any, function_arn: str) -> None:
        self._client = client
        self._function_arn = function_arn

    def read_events(self, aggregate_id: str, after_version: int) -> Iterator[Envelope]:
        """An aggregate's events after a version, in order. Raises HistoryUnavailable."""
        after: int | None = after_version
        while after is not None:
            events, after = self._read(aggregate_id, after, PAGE)
            yield from events

    def first_event(self, aggregate_id: str) -> Envelope | None:
        """The event that an aggregate began with, however many follow; None if there is none.

        Raises HistoryUnavailable.
        """
        events, _ = self._read(aggregate_id, 0, 1)
        return events[0] if events else None

    def _read(
        self, aggregate_id: str, after_version: int, limit: int
    ) -> tuple[list[Envelope], int | None]:
        answer = self._client.invoke(
            FunctionName=self._function_arn,
            Payload=msgspec.json.encode(
                {self.id_name: aggregate_id, "after_version": after_version, "limit": limit}
            ),
        )
        payload = msgspec.json.decode(answer["Payload"].read())
        if "FunctionError" in answer:
            raise HistoryUnavailable(f"{payload.get('errorType')} for {aggregate_id}")
        return msgspec.convert(payload["events"], list[Envelope]), payload["next_version"]
