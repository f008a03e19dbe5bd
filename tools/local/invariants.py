"""What must hold whenever all orders have ended, whatever went wrong on the way.

Stock, money and shipments are where the confirmed orders say, and nowhere else. The only exceptions
are undos that failed for good: they are told apart from everything else that is wrong.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

ENDED = frozenset({"confirmed", "rejected", "cancelled"})
BINDING = frozenset({"held", "sold"})
"""Reservations in these states keep pieces away from other orders."""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order as its history ends. ``total`` in minor units; ``lines`` are pieces by SKU."""

    status: str
    total: int
    currency: str
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StockRecord:
    """Pieces of one SKU; ``delivered`` is the sum of its deliveries."""

    delivered: int
    available: int
    reserved: int
    sold: int


@dataclass(frozen=True, slots=True)
class ChargeRecord:
    """One authorization in a payment provider's own books; amounts in minor units."""

    order_id: str
    status: str
    amount: int
    captured: int
    refunded: int


@dataclass(frozen=True, slots=True)
class Records:
    """What the services and their partners have on record."""

    orders: Mapping[str, OrderRecord]
    stock: Mapping[str, StockRecord]
    reservations: Mapping[str, tuple[str, Mapping[str, int]]]
    """By order: status, and pieces by SKU."""
    charges: tuple[ChargeRecord, ...]
    bookings: frozenset[str]
    """Ids of shipments that a carrier will come for."""
    failed_undos: frozenset[tuple[str, str]]
    """(order, undo) of sagas that wait for an operator."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be; any of ``undos`` would put it right."""

    order_id: str
    what: str
    undos: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.order_id}: {self.what}"


@dataclass(frozen=True, slots=True)
class Report:
    """``violations`` must be empty; ``excused`` are what failed undos have left behind."""

    orders: Counter[str]
    violations: tuple[Finding, ...]
    excused: tuple[Finding, ...]
    failed_undos: tuple[tuple[str, str], ...] = field(default=())

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong that nobody answers for."""
        return not self.violations


def examine(records: Records) -> Report:
    """Hold the integration events against every invariant."""
    findings = [
        *_orders_that_have_not_ended(records),
        *_stock_out_of_place(records),
        *_money_out_of_place(records),
        *_shipments_out_of_place(records),
    ]
    excused = [
        it
        for it in findings
        if any((it.order_id, undo) in records.failed_undos for undo in it.undos)
    ]
    return Report(
        orders=Counter(order.status for order in records.orders.values()),
        violations=tuple(it for it in findings if it not in excused),
        excused=tuple(excused),
        failed_undos=tuple(sorted(records.failed_undos)),
    )


def shipment_id(order_id: str) -> str:
    """Under which reference carriers book an order's shipment."""
    return str(uuid.uuid5(uuid.UUID(order_id), "shipment"))


def _orders_that_have_not_ended(records: Records) -> Iterator[Finding]:
    for order_id, order in records.orders.items():
        if order.status not in ENDED:
            yield Finding(order_id, f"the order is still {order.status}", ("reject-order",))


def _stock_out_of_place(records: Records) -> Iterator[Finding]:
    bound: Counter[str] = Counter()
    for order_id, (status, lines) in records.reservations.items():
        if status in BINDING:
            bound.update(lines)
        order = records.orders.get(order_id)
        if status in BINDING and (order is None or order.status != "confirmed"):
            state = order.status if order else "unknown"
            yield Finding(order_id, f"stock is {status} for an order {state}", ("release-stock",))
    for order_id, order in records.orders.items():
        status, lines = records.reservations.get(order_id, ("missing", {}))
        if order.status == "confirmed" and (status not in BINDING or lines != order.lines):
            yield Finding(order_id, f"the order is confirmed, its stock is {status}: {dict(lines)}")
    for sku, level in records.stock.items():
        if min(level.available, level.reserved, level.sold) < 0:
            yield Finding(sku, f"negative stock: {level}")
        if level.available + level.reserved + level.sold != level.delivered:
            yield Finding(sku, f"pieces were lost or made: {level}")
        if level.reserved + level.sold != bound[sku]:
            yield Finding(sku, f"{bound[sku]} pieces are bound by orders, but {level}")


def _money_out_of_place(records: Records) -> Iterator[Finding]:
    charges: dict[str, list[ChargeRecord]] = {}
    for charge in records.charges:
        charges.setdefault(charge.order_id, []).append(charge)
        settled = charge.status in ("captured", "refunded", "voided", "expired")
        if not settled:
            what = f"{charge.amount} is still held"
            yield Finding(charge.order_id, what, ("void-payment", "refund-payment"))
        if charge.captured not in (0, charge.amount) or charge.refunded > charge.captured:
            yield Finding(charge.order_id, f"more moved than was authorized: {charge}")
    for order_id, several in charges.items():
        if len(several) > 1:
            yield Finding(order_id, f"charged {len(several)} times: one provider, one charge")
    for order_id in {*charges, *records.orders}:
        order = records.orders.get(order_id)
        due = order.total if order and order.status == "confirmed" else 0
        taken = sum(charge.captured - charge.refunded for charge in charges.get(order_id, ()))
        if taken != due:
            state = order.status if order else "unknown"
            yield Finding(
                order_id, f"the order is {state}, {taken} was taken for {due}", ("refund-payment",)
            )


def _shipments_out_of_place(records: Records) -> Iterator[Finding]:
    due = {
        shipment_id(order_id): order_id
        for order_id, order in records.orders.items()
        if order.status == "confirmed"
    }
    by_shipment = {shipment_id(order_id): order_id for order_id in records.orders}
    for booked in records.bookings - due.keys():
        order_id = by_shipment.get(booked, booked)
        yield Finding(
            order_id, "a carrier comes for an order that is not confirmed", ("cancel-shipment",)
        )
    for missing in due.keys() - records.bookings:
        yield Finding(due[missing], "the order is confirmed, and no carrier comes for it")
