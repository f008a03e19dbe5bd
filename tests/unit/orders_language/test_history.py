"""How a consumer asks orders for the events that it misses."""

import io
import json
from typing import Any

import pytest

from orders_language.history import OrderHistory
from shared.read_models.history import PAGE, HistoryUnavailable

EVENTS: list[dict[str, Any]] = [
    {
        "event_id": f"e-{version}",
        "type": "OrderPlaced",
        "schema_version": 1,
        "aggregate_type": "order",
        "aggregate_id": "o-1",
        "version": version,
        "occurred_at": "2026-12-01T10:00:00.000Z",
        "correlation_id": "c",
        "causation_id": None,
        "traceparent": "t",
        "data": {},
    }
    for version in range(1, 6)
]
NOTHING: dict[str, Any] = {"events": [], "next_version": None}


class FakeLambda:
    """Orders' function with pages of two; ``error`` makes it fail."""

    def __init__(self, error: str | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self._error = error

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "arn:read-events"
        if self._error:
            payload = {"errorType": self._error, "errorMessage": "secret"}
            return {"FunctionError": "Unhandled", "Payload": _stream(payload)}
        asked = json.loads(Payload)
        self.asked.append(asked)
        after = asked["after_version"]
        page = EVENTS[after : after + min(2, asked["limit"])]
        more = page[-1]["version"] if page and page[-1] is not EVENTS[-1] else None
        return {"Payload": _stream({"events": page, "next_version": more})}


def _stream(document: dict[str, Any]) -> io.BytesIO:
    return io.BytesIO(json.dumps(document).encode())


def test_all_pages_are_read_in_order() -> None:
    orders = FakeLambda()
    found = list(OrderHistory(orders, "arn:read-events").read_events("o-1", 1))
    assert [event.version for event in found] == [2, 3, 4, 5]
    assert orders.asked[0] == {"order_id": "o-1", "after_version": 1, "limit": PAGE}


def test_what_is_not_needed_is_not_asked_for() -> None:
    orders = FakeLambda()
    next(OrderHistory(orders, "arn:read-events").read_events("o-1", 0))
    assert len(orders.asked) == 1


def test_for_the_first_event_no_other_is_read() -> None:
    orders = FakeLambda()
    first = OrderHistory(orders, "arn:read-events").first_event("o-1")
    assert first is not None
    assert first.version == 1
    assert orders.asked == [{"order_id": "o-1", "after_version": 0, "limit": 1}]


def test_an_order_that_nobody_placed_has_no_first_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeLambda, "invoke", lambda *_, **__: {"Payload": _stream(NOTHING)})
    assert OrderHistory(FakeLambda(), "arn:read-events").first_event("o-2") is None


def test_an_error_of_orders_names_its_kind_and_no_more() -> None:
    history = OrderHistory(FakeLambda("Runtime.ExitError"), "arn:read-events")
    with pytest.raises(HistoryUnavailable, match=r"Runtime\.ExitError for") as unavailable:
        list(history.read_events("o-1", 0))
    assert "secret" not in str(unavailable.value)
