"""One customer, one order and its possible events, for tests to speak about."""

from typing import Any

from orders import commands
from orders.domain.events import (
    CancellationReason,
    Destination,
    Line,
    OrderCancelled,
    OrderConfirmed,
    OrderEvent,
    OrderPlaced,
    OrderRejected,
)
from orders.domain.order import RequestedLine
from orders.ports import EventStore, RecordedEvent
from shared.event_sourcing.recorded import CommandMetadata
from tests.support.examples import recorded as examples
from tests.support.examples.recorded import NINE, TEN, metadata
from tests.support.fakes.in_memory_event_store import InMemoryEventStore

CUSTOMER = "3f8b1c52-7a55-4be5-9a5e-0d1b1f3f7c11"
SOMEBODY_ELSE = "aa3d8f0e-44c0-4c6c-8b7e-1f6f5d2f9b22"
ADDRESS = "9b2e7c1a-5d3f-4e8b-a6c4-2f1e0d9c8b7a"
SHIP_TO = Destination(ADDRESS, "DE", "10")
LINES = [RequestedLine("MUG-BLUE", 2), RequestedLine("TEA-ASSAM", 1)]
BODY: dict[str, Any] = {
    "lines": [{"sku": "MUG-BLUE", "quantity": 2}, {"sku": "TEA-ASSAM", "quantity": 1}],
    "currency": "EUR",
    "ship_to": {"address_id": ADDRESS, "country": "DE", "postcode_area": "10"},
}

PLACED = OrderPlaced(
    customer_id=CUSTOMER,
    lines=(Line("MUG-BLUE", 2, 1290), Line("TEA-ASSAM", 1, 890)),
    currency="EUR",
    total=3470,
    weight_grams=1030,
    ship_to=SHIP_TO,
)
CONFIRMED = OrderConfirmed("EUR", 3470)
REJECTED = OrderRejected("payment-declined")
CANCELLED = OrderCancelled(CancellationReason.CHANGED_MIND)

OrderStore = InMemoryEventStore[OrderEvent]
EVENTS: list[OrderEvent] = [PLACED, CONFIRMED, REJECTED, CANCELLED]


def recorded(
    event: OrderEvent,
    version: int,
    occurred_at: str = NINE,
    order_id: str | None = None,
    command: CommandMetadata | None = None,
) -> RecordedEvent:
    """An event with its place in an order's history."""
    order_id = order_id or commands.order_id_for(CUSTOMER, "first")
    return examples.recorded(event, version, order_id, occurred_at, command)


def place(
    store: EventStore,
    key: str = "k-1",
    request_hash: str = "h-1",
    at: str = NINE,
    lines: list[RequestedLine] | None = None,
    currency: str = "EUR",
) -> RecordedEvent:
    """CUSTOMER places the order that this key leads to."""
    return commands.place_order(
        store,
        lambda: at,
        commands.PlaceOrder(
            commands.order_id_for(CUSTOMER, key),
            CUSTOMER,
            LINES if lines is None else lines,
            currency,
            SHIP_TO,
            metadata(key, request_hash),
        ),
    )


def cancel(
    store: EventStore,
    order_id: str,
    key: str = "c-1",
    request_hash: str = "h-c",
    at: str = TEN,
    customer_id: str = CUSTOMER,
) -> RecordedEvent:
    """The customer calls an order off."""
    return commands.cancel_order(
        store,
        lambda: at,
        commands.CancelOrder(
            order_id, customer_id, CancellationReason.CHANGED_MIND, metadata(key, request_hash)
        ),
    )


def confirm(
    store: EventStore, order_id: str, key: str = "q-1", request_hash: str = "h-q", at: str = TEN
) -> RecordedEvent:
    """Fulfilment confirms an order."""
    command = commands.ConfirmOrder(order_id, metadata(key, request_hash))
    return commands.confirm_order(store, lambda: at, command)
