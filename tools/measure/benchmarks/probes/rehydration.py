"""Rehydrates one order of 1,000 events again and again: ``ours`` or ``peer``, and how often."""

import json
import time
from typing import Any

from answer import answer_with
from order_log import CONFIRMED, PLACED, envelope

EVENTS = 1000
TABLE = "event-store"


class Client:
    """Stands where a botocore client stands: answers a query with items as botocore parses them."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        self._items = items

    def query(self, **_parameters: Any) -> dict[str, Any]:
        return {"Items": self._items, "Count": len(self._items)}


def ours() -> Any:
    """A function that returns the order; it reads through the event store's adapter."""

    from orders.adapters.dynamodb_event_store import DynamoDbEventStore
    from orders.domain.order import Order

    items = [_item(envelope(0, version)) for version in range(1, EVENTS + 1)]
    store = DynamoDbEventStore(Client(items), TABLE)
    order_id = items[0]["order_id"]["S"]

    def rehydrate() -> Any:
        return Order.replay(order_id, (recorded.event for recorded in store.history(order_id)))

    return rehydrate


def _item(event: dict[str, Any]) -> dict[str, Any]:
    texts = ("event_id", "type", "occurred_at", "correlation_id", "causation_id", "traceparent")
    return {
        **{name: {"S": event[name]} for name in texts},
        "order_id": {"S": event["aggregate_id"]},
        "version": {"N": str(event["version"])},
        "schema_version": {"N": str(event["schema_version"])},
        "data": {"S": json.dumps(event["data"], separators=(",", ":"))},
        "command_key": {"S": "0" * 64},
        "request_hash": {"S": "0" * 64},
    }


def peer() -> Any:
    """A function that returns the order; it reads through the library's repository."""
    from rehydrate_order import Order, Orders

    app = Orders()
    order = Order(**PLACED)
    for _ in range(EVENTS - 1):
        order.confirm(**CONFIRMED)
    app.save(order)

    def rehydrate() -> Any:
        return app.repository.get(order.id)

    return rehydrate


def measure(arguments: list[str]) -> dict[str, Any]:
    rehydrate = {"ours": ours, "peer": peer}[arguments[0]]()
    times = int(arguments[1])
    order = rehydrate()
    if (order.version, order.status) != (EVENTS, "confirmed"):
        raise AssertionError(f"not the whole history: {order}")
    begun = time.process_time()
    for _ in range(times):
        rehydrate()
    spent = time.process_time() - begun
    return {"per_second": times * EVENTS / spent}


if __name__ == "__main__":
    answer_with(measure)
