"""Orders' published way to an order's events, as its consumers call it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from shared.messaging.envelope import Envelope

PAGE = 500


class HistoryUnavailable(Exception):
    """Orders' function answered with an error; trying again later may help."""


class OrderHistory:
    """Calls ``read_events``. ``client`` is a botocore Lambda client."""

    def __init__(self, client: Any, function_arn: str) -> None:
        self._client = client
        self._function_arn = function_arn

    def read_events(self, order_id: str, after_version: int) -> Iterator[Envelope]:
        """An order's events after a version, in order. Raises HistoryUnavailable."""
        after: int | None = after_version
        while after is not None:
            answer = self._client.invoke(
                FunctionName=self._function_arn,
                Payload=msgspec.json.encode(
                    {"order_id": order_id, "after_version": after, "limit": PAGE}
                ),
            )
            payload = msgspec.json.decode(answer["Payload"].read())
            if "FunctionError" in answer:
                raise HistoryUnavailable(f"{payload.get('errorType')} for order {order_id}")
            yield from msgspec.convert(payload["events"], list[Envelope])
            after = payload["next_version"]
