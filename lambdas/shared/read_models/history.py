"""An aggregate's events, read from its owner: the function that the owner publishes for it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from shared.messaging.envelope import Envelope

PAGE = 500


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
            answer = self._client.invoke(
                FunctionName=self._function_arn,
                Payload=msgspec.json.encode(
                    {self.id_name: aggregate_id, "after_version": after, "limit": PAGE}
                ),
            )
            payload = msgspec.json.decode(answer["Payload"].read())
            if "FunctionError" in answer:
                raise HistoryUnavailable(f"{payload.get('errorType')} for {aggregate_id}")
            yield from msgspec.convert(payload["events"], list[Envelope])
            after = payload["next_version"]
