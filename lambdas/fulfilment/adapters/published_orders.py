"""What orders publishes as functions: what was placed in an hour, and an order's first event."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from fulfilment.domain.saga import OrderToFulfil
from orders_language.history import OrderHistory
from shared.messaging.envelope import Envelope
from shared.runtime import log


class OrdersUnavailable(Exception):
    """Orders answered with an error; the next look asks again."""


class OrdersStillPlaced:
    """Reads orders about which nothing was decided yet."""

    def __init__(self, history: OrderHistory) -> None:
        self._history = history

    def __call__(self, order_id: str) -> OrderToFulfil | None:
        """None if something has happened since, or if it cannot be known at once."""
        try:
            events = list(islice(self._history.read_events(order_id, 0), 2))
            if [it.type for it in events] != ["OrderPlaced"]:
                return None
            return msgspec.convert(events[0].data, OrderToFulfil)
        except Exception as error:
            log.warning("order not read", order_id=order_id, error=type(error).__name__)
            return None


class PublishedOrders:
    """Implements ``fulfilment.ports.PlacedOrders``. ``client`` is a botocore Lambda client."""

    def __init__(self, client: Any, list_events_arn: str, history: OrderHistory) -> None:
        self._client = client
        self._list_events_arn = list_events_arn
        self._history = history

    def placed_in(self, hour: str) -> Iterator[str]:
        """By orders' ``list_events``, page after page of each part of the hour."""
        part, parts = 0, 1
        while part < parts:
            after = None
            while True:
                answer = self._list({"hour": hour, "part": part, "after": after})
                parts = answer["parts"]
                for order_id, version, *_ in answer["events"]:
                    if version == 1:
                        yield order_id
                after = answer["next"]
                if after is None:
                    break
            part += 1

    def order_placed(self, order_id: str) -> Envelope | None:
        """By orders' ``read_events``."""
        return self._history.first_event(order_id)

    def _list(self, request: dict[str, Any]) -> Any:
        answer = self._client.invoke(
            FunctionName=self._list_events_arn, Payload=msgspec.json.encode(request)
        )
        payload = answer["Payload"].read()
        if "FunctionError" in answer:
            raise OrdersUnavailable("list_events failed")
        return msgspec.json.decode(payload)
