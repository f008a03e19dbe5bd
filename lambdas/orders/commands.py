"""The commands on orders: each appends exactly one event, or refuses."""

import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
from orders.domain.terms import DEFAULT_TERMS, Terms
from orders.ports import CommandMetadata, EventStore, RecordedEvent, VersionTaken

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


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """What a customer asks for. Without ``offer`` the price list counts."""

    order_id: str
    customer_id: str
    lines: Sequence[RequestedLine]
    currency: str
    ship_to: Destination
    metadata: CommandMetadata
    offer: Offer | None = None


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """A customer calls the order off."""

    order_id: str
    customer_id: str
    reason: CancellationReason
    metadata: CommandMetadata


@dataclass(frozen=True, slots=True)
class ConfirmOrder:
    """Fulfilment has succeeded."""

    order_id: str
    metadata: CommandMetadata


@dataclass(frozen=True, slots=True)
class RejectOrder:
    """Fulfilment was undone; ``reason`` is a code such as ``payment-declined``."""

    order_id: str
    reason: str
    metadata: CommandMetadata


def place_order(
    store: EventStore, clock: Clock, command: PlaceOrder, terms: Terms = DEFAULT_TERMS
) -> RecordedEvent:
    """Place an order with one conditional append; a repetition gets the first answer again.

    Raises:
        OrdersNotAccepted, TooManyLines: the terms do not allow it.
        UnknownSku, UnpricedCurrency: the price list does not have it.
        QuoteRefused, QuotesUnreadable: the offer cannot be had.
        IdempotencyKeyReused: the key came with another body before.
    """
    try:
        offered = command.offer() if command.offer else None
        placed = Order.place(
            command.customer_id, command.lines, command.currency, command.ship_to, terms, offered
        )
    except (
        OrdersNotAccepted,
        TooManyLines,
        UnknownSku,
        UnpricedCurrency,
        QuoteRefused,
        QuotesUnreadable,
    ):
        # What is refused today may have been accepted yesterday: then that is the answer.
        if earlier := store.first(command.order_id):
            return _same_request(earlier, command.metadata)
        raise
    recorded = _record(command.order_id, 1, clock(), placed, command.metadata)
    try:
        store.append(recorded)
    except VersionTaken as taken:
        return _same_request(taken.existing, command.metadata)
    return recorded


def cancel_order(store: EventStore, clock: Clock, command: CancelOrder) -> RecordedEvent:
    """Cancel a placed order of this customer.

    Raises:
        OrderNotFound: no such order, or another customer's.
        OrderNotOpen: the order is no longer placed.
        IdempotencyKeyReused: the key came with another body before.
        AppendConflict: the append was lost twice.
    """
    return _change(
        store,
        clock,
        command.order_id,
        command.metadata,
        lambda order: order.cancel(command.reason),
        command.customer_id,
    )


def confirm_order(store: EventStore, clock: Clock, command: ConfirmOrder) -> RecordedEvent:
    """Confirm a placed order. Raises as ``cancel_order`` does."""
    return _change(store, clock, command.order_id, command.metadata, Order.confirm)


def reject_order(store: EventStore, clock: Clock, command: RejectOrder) -> RecordedEvent:
    """Reject a placed order. Raises as ``cancel_order`` does."""
    return _change(
        store,
        clock,
        command.order_id,
        command.metadata,
        lambda order: order.reject(command.reason),
    )


def _change(
    store: EventStore,
    clock: Clock,
    order_id: str,
    metadata: CommandMetadata,
    decide: Decision,
    customer_id: str | None = None,
) -> RecordedEvent:
    """Append what ``decide`` makes of the order's history; a lost append decides once more."""
    for _attempt in range(2):
        history = store.history(order_id)
        if not history or not _belongs_to(history[0].event, customer_id):
            raise OrderNotFound(order_id)
        for earlier in history[1:]:
            if earlier.command.key == metadata.key:
                return _same_request(earlier, metadata)
        event = decide(Order.replay(order_id, (recorded.event for recorded in history)))
        # Clocks of two machines differ; within an order time must not go back.
        occurred_at = max(clock(), history[-1].occurred_at)
        correlated = replace(metadata, correlation_id=history[0].command.correlation_id)
        recorded = _record(order_id, history[-1].version + 1, occurred_at, event, correlated)
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


def _same_request(earlier: RecordedEvent, metadata: CommandMetadata) -> RecordedEvent:
    if earlier.command.request_hash != metadata.request_hash:
        raise IdempotencyKeyReused
    return earlier


def _record(
    order_id: str, version: int, occurred_at: str, event: OrderEvent, metadata: CommandMetadata
) -> RecordedEvent:
    event_id = str(uuid.uuid5(uuid.UUID(order_id), str(version)))
    return RecordedEvent(order_id, version, event_id, occurred_at, event, metadata)
