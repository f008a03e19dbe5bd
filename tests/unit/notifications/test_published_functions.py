"""What notifications asks of other services."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from notifications.adapters.published_functions import OrdersHistory
from notifications.ports import Unavailable
from orders_language.history import OrderHistory

PLACED = {
    "event_id": "e-1",
    "type": "OrderPlaced",
    "schema_version": 1,
    "aggregate_type": "order",
    "aggregate_id": "o-1",
    "version": 1,
    "occurred_at": "2026-12-01T10:00:00.000Z",
    "correlation_id": "c",
    "causation_id": None,
    "traceparent": "t",
    "data": {"customer_id": "ada"},
}


class ReadEvents:
    """Orders' function; ``error`` makes it fail."""

    def __init__(self, *events: dict[str, Any], error: str | None = None) -> None:
        self.limits: list[int] = []
        self._events = events
        self._error = error

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        self.limits.append(json.loads(Payload)["limit"])
        if self._error:
            payload: dict[str, Any] = {"errorType": self._error}
            return {"FunctionError": "Unhandled", "Payload": _stream(payload)}
        return {"Payload": _stream({"events": self._events, "next_version": None})}


def _stream(document: dict[str, Any]) -> io.BytesIO:
    return io.BytesIO(json.dumps(document).encode())


def customer_of(function: ReadEvents) -> str | None:
    return OrdersHistory(OrderHistory(function, "arn:read-events")).customer_of("o-1")


def test_whose_an_order_is_costs_one_event() -> None:
    function = ReadEvents(PLACED)
    assert customer_of(function) == "ada"
    assert function.limits == [1]


def test_an_order_that_nobody_placed_is_nobodys() -> None:
    assert customer_of(ReadEvents()) is None


def test_orders_that_cannot_be_asked_are_asked_again_later() -> None:
    with pytest.raises(Unavailable, match=r"Runtime\.ExitError"):
        customer_of(ReadEvents(error="Runtime.ExitError"))
