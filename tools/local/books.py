"""Reads what every service, the payment providers and the carriers have on record."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from order_views.domain.order_view import STATUS_AFTER
from tools.base.endpoint import Cloud
from tools.base.outputs import Outputs
from tools.emulator.payment_provider import PaymentProvider
from tools.local.invariants import ChargeRecord, OrderRecord, Records, StockRecord, shipment_id

UNDOS = frozenset({"refund-payment", "void-payment", "cancel-shipment", "release-stock"})
STATUS = {"OrderPlaced": "placed", **STATUS_AFTER}
Item = dict[str, Any]


def read(
    outputs: Outputs,
    cloud: Cloud,
    providers: Iterable[PaymentProvider],
    only: Collection[str] | None = None,
) -> Records:
    """All of it; with ``only``, what concerns these orders, and no stock levels.

    Stock levels belong to all orders together: they say nothing about some of them.
    """
    books = _Books(outputs, cloud)

    def concerns(order_id: str) -> bool:
        return only is None or order_id in only

    wanted = None if only is None else {shipment_id(order_id) for order_id in only}
    return Records(
        orders={id: order for id, order in books.orders().items() if concerns(id)},
        stock=books.stock() if only is None else {},
        reservations={
            item["order_id"]["S"]: (item["status"]["S"], _lines(item["lines"]["L"]))
            for item in books.items("inventory", "Reservations")
            if concerns(item["order_id"]["S"])
        },
        charges=tuple(
            ChargeRecord(
                it["reference"], it["status"], it["amount"], it["captured"], it["refunded"]
            )
            for provider in providers
            for it in provider.ledger()["authorizations"]
            if concerns(it["reference"])
        ),
        bookings=frozenset(id for id in books.bookings() if wanted is None or id in wanted),
        failed_undos=frozenset(it for it in books.failed_undos() if concerns(it[0])),
    )


class _Books:
    def __init__(self, outputs: Outputs, cloud: Cloud) -> None:
        self._services = outputs["services"]
        self._dynamodb = cloud.client("dynamodb")

    def items(self, service: str, table: str) -> Iterator[Item]:
        """Every item of a service's table."""
        name = self._services[service]["tables"][table]
        for page in self._dynamodb.get_paginator("scan").paginate(
            TableName=name, ConsistentRead=True
        ):
            yield from page["Items"]

    def orders(self) -> dict[str, OrderRecord]:
        """Each order as its last event leaves it."""
        events: dict[str, dict[int, Item]] = {}
        for item in self.items("orders", "EventStore"):
            events.setdefault(item["order_id"]["S"], {})[int(item["version"]["N"])] = item
        return {order_id: _order(versions) for order_id, versions in events.items()}

    def stock(self) -> dict[str, StockRecord]:
        """Levels and deliveries by SKU."""
        levels: dict[str, Item] = {}
        delivered: Counter[str] = Counter()
        for item in self.items("inventory", "Stock"):
            if item["entry"]["S"] == "level":
                levels[item["sku"]["S"]] = item
            else:
                delivered[item["sku"]["S"]] += int(item["quantity"]["N"])
        return {
            sku: StockRecord(
                delivered[sku],
                *(int(level[bucket]["N"]) for bucket in ("available", "reserved", "sold")),
            )
            for sku, level in levels.items()
        }

    def bookings(self) -> Iterator[str]:
        """Ids of the shipments that carriers have booked, in the carriers' own books."""
        for item in self.items("shipping", "CarrierDesk"):
            record, _, booked = item["record"]["S"].partition("#")
            if record == "booking" and item["status"]["S"] == "booked":
                yield booked

    def failed_undos(self) -> Iterator[tuple[str, str]]:
        """What stuck sagas have tried to undo in vain, and what they could not settle."""
        items = list(self.items("fulfilment", "Sagas"))
        stuck = {
            it["order_id"]["S"]
            for it in items
            if it["part"]["S"] == "saga" and it["state"]["S"] == "stuck"
        }
        for item in items:
            order_id, part = item["order_id"]["S"], item["part"]["S"]
            done = item.get("outcome", {}).get("S") == "done"
            refused = item.get("outcome", {}).get("S") == "refused"
            if order_id in stuck and part in UNDOS and not done:
                yield order_id, part
            if order_id in stuck and part == "reject-order" and not (done or refused):
                yield order_id, part


def _order(versions: dict[int, Item]) -> OrderRecord:
    placed = json.loads(versions[1]["data"]["S"])
    lines: Counter[str] = Counter()
    for line in placed["lines"]:
        lines[line["sku"]] += line["quantity"]
    return OrderRecord(
        status=STATUS[versions[max(versions)]["type"]["S"]],
        total=placed["total"],
        currency=placed["currency"],
        lines=dict(lines),
    )


def _lines(items: list[Item]) -> dict[str, int]:
    return {it["M"]["sku"]["S"]: int(it["M"]["quantity"]["N"]) for it in items}
