"""The commands on orders: each appends exactly one event, or refuses."""

import hashlib
import json
import uuid
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from orders.domain.errors import (
    AppendConflict,
    IdempotencyKeyReused,
    OrderNotFound,
    OrdersNotAccepted,
    QuoteRefused,
    QuotesUnreadable,
    TooManyLines,
    UnknownSku,
    UnpricedCurrency,
)
from orders.domain.events import CancellationReason, Destination, OrderEvent, OrderPlaced
from orders.domain.order import Order, RequestedLine
from orders.domain.terms import AS_USUAL, Terms
from orders.ports import Command, EventStore, RecordedEvent, VersionTaken

NAMESPACE = uuid.UUID("6f1c3f0e-6d0f-5a53-9d2e-0b9f6a0c7a55")
Clock = Callable[[], str]
Decision = Callable[[Order], OrderEvent]
Offer = Callable[[], Sequence[int]]
"""What a quote offers for each line, in minor units; reading it raises what ``Quotes`` raises."""


def order_id_for(customer_id: str, idempotency_key: str) -> str:
    """The id that this customer's key leads to, so that a repetition finds the first order."""
    return str(uuid.uuid5(NAMESPACE, json.dumps([customer_id, idempotency_key])))


def digest(*parts: object) -> str:
    """A digest of plain values that is the same for equal values, whatever their order of keys."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def place_order(
    store: EventStore,
    clock: Clock,
    order_id: str,
    command: Command,
    customer_id: str,
    lines: Sequence[RequestedLine],
    currency: str,
    ship_to: Destination,
    terms: Terms = AS_USUAL,
    offer: Offer | None = None,
) -> RecordedEvent:
    """Place an order with one conditional append; a repetition gets the first answer again.

    Raises:
        OrdersNotAccepted, TooManyLines: the terms do not allow it.
        UnknownSku, UnpricedCurrency: the price list does not have it.
        QuoteRefused, QuotesUnreadable: the offer cannot be had.
        IdempotencyKeyReused: the key came with another body before.
    """
    try:
        offered = offer() if offer else None
        placed = Order.place(customer_id, lines, currency, ship_to, terms, offered)
    except (
        OrdersNotAccepted,
        TooManyLines,
        UnknownSku,
        UnpricedCurrency,
        QuoteRefused,
        QuotesUnreadable,
    ):
        # What is refused today may have been accepted yesterday: then that is the answer.
        if earlier := store.first(order_id):
            return _same_request(earlier, command)
        raise
    recorded = _record(order_id, 1, clock(), placed, command)
    try:
        store.append(recorded)
    except VersionTaken as taken:
        return _same_request(taken.existing, command)
    return recorded


def cancel_order(
    store: EventStore,
    clock: Clock,
    order_id: str,
    command: Command,
    customer_id: str,
    reason: CancellationReason,
) -> RecordedEvent:
    """Cancel a placed order of this customer. Raises as ``change_order`` does."""

    def decide(order: Order) -> OrderEvent:
        return order.cancel(reason)

    return change_order(store, clock, order_id, command, decide, customer_id)


def change_order(
    store: EventStore,
    clock: Clock,
    order_id: str,
    command: Command,
    decide: Decision,
    customer_id: str | None = None,
) -> RecordedEvent:
    """Append what ``decide`` makes of the order's history; a lost append decides once more.

    Raises:
        OrderNotFound: no such order, or not of ``customer_id`` where one is given.
        OrderNotOpen: the order is no longer placed.
        IdempotencyKeyReused: the key came with another body before.
        AppendConflict: the append was lost twice.
    """
    for _attempt in range(2):
        history = store.history(order_id)
        if not history or not _belongs_to(history[0].event, customer_id):
            raise OrderNotFound(order_id)
        for earlier in history[1:]:
            if earlier.command.key == command.key:
                return _same_request(earlier, command)
        event = decide(Order.replay(order_id, (recorded.event for recorded in history)))
        # Clocks of two machines differ; within an order time must not go back.
        occurred_at = max(clock(), history[-1].occurred_at)
        journey = replace(command, correlation_id=history[0].command.correlation_id)
        recorded = _record(order_id, history[-1].version + 1, occurred_at, event, journey)
        try:
            store.append(recorded)
        except VersionTaken:
            continue
        return recorded
    raise AppendConflict(order_id)


def _belongs_to(first: OrderEvent, customer_id: str | None) -> bool:
    return customer_id is None or (
        isinstance(first, OrderPlaced) and first.customer_id == customer_id
    )


def _same_request(earlier: RecordedEvent, command: Command) -> RecordedEvent:
    if earlier.command.request_hash != command.request_hash:
        raise IdempotencyKeyReused
    return earlier


def _record(
    order_id: str, version: int, occurred_at: str, event: OrderEvent, command: Command
) -> RecordedEvent:
    event_id = str(uuid.uuid5(uuid.UUID(order_id), str(version)))
    return RecordedEvent(order_id, version, event_id, occurred_at, event, command)
