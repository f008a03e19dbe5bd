"""The commands on orders: each appends exactly one event, or refuses."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orders.domain.errors import OrderError, OrderNotFound
from orders.domain.events import CancellationReason, Destination, Gift, OrderEvent, OrderPlaced
from orders.domain.order import Order, RequestedLine
from orders.domain.terms import DEFAULT_TERMS, Terms
from orders.ports import EventStore, RecordedEvent
from shared.event_sourcing.changing import Clock, begin, change, id_for
from shared.event_sourcing.recorded import CommandMetadata

NAMESPACE = uuid.UUID("6f1c3f0e-6d0f-5a53-9d2e-0b9f6a0c7a55")
Decision = Callable[[Order], OrderEvent]
Offer = Callable[[], Sequence[int]]
"""What a quote offers for each line, in minor units; reading it raises what ``Quotes`` raises."""


def order_id_for(customer_id: str, idempotency_key: str) -> str:
    """The id that this customer's key leads to, so that a repetition finds the first order."""
    return id_for(NAMESPACE, customer_id, idempotency_key)


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
    gift: Gift | None = None


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

    def decide() -> OrderEvent:
        offered = command.offer() if command.offer else None
        return Order.place(
            command.customer_id,
            command.lines,
            command.currency,
            command.ship_to,
            terms,
            offered,
            command.gift,
        )

    return begin(store, clock, command.order_id, command.metadata, decide, refusals=OrderError)


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
    return change(
        store,
        clock,
        order_id,
        metadata,
        Order.replay,
        decide,
        is_callers=lambda first: _belongs_to(first, customer_id),
        not_found=OrderNotFound,
    )


def _belongs_to(first: OrderEvent, customer_id: str | None) -> bool:
    return customer_id is None or (
        isinstance(first, OrderPlaced) and first.customer_id == customer_id
    )
