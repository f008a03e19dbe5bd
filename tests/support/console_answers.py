"""What the console's API answers about a small system, as one was seen to answer.

For the screens' own tests alone: nothing of this is ever shipped.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

Document = dict[str, Any]
START = datetime(2026, 11, 26, 14, 0, tzinfo=UTC)

_CARDS = {
    # name: owner, purpose, API, says, takes, reads the log, views, consumers
    "account": ("platform", "What an account and a region have once", False, "", "", False, "", ""),
    "event-log": (
        "platform",
        "Central event log, archive and bus",
        False,
        "",
        "CustomerForgotten FulfilmentStuck StockRefused StockReleased StockReserved"
        " PaymentAuthorized PaymentCaptured PaymentDeclined PaymentRefunded PaymentVoided"
        " QuotesGathered ShipmentBooked ShipmentCancelled ShipmentRefused ShipmentTracked",
        False,
        "",
        "",
    ),
    "identity": ("platform", "Users and their tokens", False, "", "", False, "", ""),
    "customers": (
        "experience",
        "Customers, the only place with personal data",
        True,
        "CustomerForgotten",
        "",
        False,
        "",
        "",
    ),
    "inventory": (
        "warehouse",
        "Stock and its reservations",
        False,
        "CommandReplied StockRefused StockReleased StockReserved",
        "ReserveStock ReleaseStock OrderConfirmed",
        False,
        "",
        "",
    ),
    "payments": (
        "payments",
        "Payments and the payment provider",
        False,
        "CommandReplied PaymentAuthorized PaymentCaptured PaymentDeclined PaymentRefunded"
        " PaymentVoided",
        "AuthorizePayment CapturePayment RefundPayment VoidPayment",
        False,
        "",
        "",
    ),
    "shipping": (
        "logistics",
        "Carriers' quotes, bookings and reports",
        True,
        "CommandReplied QuotesGathered ShipmentBooked ShipmentCancelled ShipmentRefused"
        " ShipmentTracked",
        "BookShipment CancelShipment GatherQuotes",
        False,
        "",
        "",
    ),
    "signing": (
        "commercial",
        "The secret that price quotes are signed with",
        False,
        "",
        "",
        False,
        "",
        "",
    ),
    "orders": (
        "checkout",
        "Write side of ordering",
        True,
        "CommandReplied OrderCancelled OrderConfirmed OrderPlaced OrderRejected",
        "ConfirmOrder RejectOrder",
        True,
        "",
        "bus-publisher",
    ),
    "fulfilment": (
        "fulfilment",
        "The saga of an order",
        False,
        "FulfilmentStuck",
        "OrderPlaced CommandReplied FulfilmentStuck",
        False,
        "",
        "",
    ),
    "notifications": (
        "experience",
        "What customers are told",
        False,
        "",
        "OrderCancelled OrderConfirmed OrderPlaced OrderRejected PaymentRefunded ShipmentTracked",
        False,
        "",
        "",
    ),
    "order-views": (
        "experience",
        "Read side of ordering",
        True,
        "",
        "",
        True,
        "order-view",
        "order-view",
    ),
    "reconciliation": (
        "platform",
        "Event store, log and archive compared",
        False,
        "",
        "",
        False,
        "",
        "",
    ),
    "sales": (
        "commercial",
        "What was sold, by day and currency",
        False,
        "",
        "",
        True,
        "sales",
        "sales",
    ),
}


def moment(seconds: float = 0) -> str:
    """A time so many seconds after the first one, as the API writes it."""
    text = (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def identifier(name: str) -> str:
    """The same UUID for the same name."""
    return str(uuid5(NAMESPACE_URL, name))


def services() -> list[Document]:
    """One card for each service, as it publishes it of itself."""
    return [
        {
            "name": name,
            "owner": owner,
            "purpose": purpose,
            "source": f"stacks/{name.replace('-', '_')}.py",
            "runbook": f"docs/operations.md#{name}",
            "api": api,
            "says": says.split(),
            "takes": takes.split(),
            "reads_log": reads_log,
            "views": views.split(),
            "consumers": consumers.split(),
        }
        for name, (owner, purpose, api, says, takes, reads_log, views, consumers) in _CARDS.items()
    ]


_STORY = (
    # seconds, type, kind, service, outcome
    (0.0, "OrderPlaced", "event", "orders", None),
    (0.4, "StockReserved", "integration_event", "inventory", None),
    (0.41, "CommandReplied", "reply", "inventory", "done"),
    (0.9, "PaymentAuthorized", "integration_event", "payments", None),
    (0.91, "CommandReplied", "reply", "payments", "done"),
    (3.2, "QuotesGathered", "integration_event", "shipping", None),
    (3.21, "CommandReplied", "reply", "shipping", "done"),
    (3.6, "ShipmentBooked", "integration_event", "shipping", None),
    (4.1, "PaymentCaptured", "integration_event", "payments", None),
    (4.6, "OrderConfirmed", "event", "orders", None),
)


def story(order: str, seconds: float = 0, *, declined: bool = False) -> list[Document]:
    """What the bus carried of one order."""
    told: list[tuple[float, str, str, str, str | None]] = [*_STORY]
    if declined:
        told = [
            *told[:3],
            (0.9, "PaymentDeclined", "integration_event", "payments", None),
            (0.91, "CommandReplied", "reply", "payments", "refused"),
            (1.4, "StockReleased", "integration_event", "inventory", None),
            (1.9, "OrderRejected", "event", "orders", None),
        ]
    return [
        {
            "id": identifier(f"{order}/{index}"),
            "type": type,
            "kind": kind,
            "service": service,
            "order_id": order,
            "version": (1 if index == 0 else 2) if kind == "event" else None,
            "occurred_at": moment(seconds + at),
            "recorded_at": moment(seconds + at + 0.2),
            "correlation_id": identifier(f"{order}/correlation"),
            "causation_id": None,
            "outcome": outcome,
            "reason": "card declined" if outcome == "refused" else None,
        }
        for index, (at, type, kind, service, outcome) in enumerate(told)
    ]


def order_row(order: str, seconds: float, status: str = "confirmed") -> Document:
    """An order in the list."""
    last = {
        "placed": "OrderPlaced",
        "confirmed": "OrderConfirmed",
        "rejected": "OrderRejected",
        "cancelled": "OrderCancelled",
    }
    return {
        "order_id": order,
        "status": status,
        "version": 1 if status == "placed" else 2,
        "placed_at": moment(seconds),
        "updated_at": moment(seconds + 4.6),
        "last": last[status],
    }


def _entry(lane: str, at: float, title: str, **more: Any) -> Document:
    ends = more.pop("ends", None)
    return {
        "lane": lane,
        "at": moment(at),
        "title": title,
        "id": identifier(f"{lane}/{title}/{at}"),
        "version": more.pop("version", None),
        "causation_id": None,
        "status": more.pop("status", None),
        "ends_at": None if ends is None else moment(ends),
        "detail": more,
    }


_SEQUENCE = "49668523940512345678901234567890123456789012345678"


def timeline(order: str) -> Document:
    """Everything of one order, from its request to its parcel two hours later."""
    shard = {"shard": "shardId-000000000002", "sequence": _SEQUENCE}
    entries = [
        _entry("api", -0.08, "POST /v1/orders", status="done", answer=202),
        _entry("store", 0, "OrderPlaced", version=1, lines=2, currency="EUR", total=8470),
        _entry("log", 0.12, "OrderPlaced", version=1, **shard),
        _entry("views", 0.2, "order-view", version=1, status="done"),
        _entry("views", 0.22, "sales", version=1, status="done"),
        _entry("saga", 0.3, "ReserveStock", status="done", ends=0.52),
        _entry("notifications", 0.45, "order received", status="done", channel="mail"),
        _entry("saga", 0.55, "AuthorizePayment", status="done", ends=0.95),
        _entry("saga", 1.0, "GatherQuotes", status="done", ends=3.25, carriers=3),
        _entry("saga", 3.3, "BookShipment", status="done", ends=3.7, carrier="tern-post"),
        _entry("saga", 3.75, "CapturePayment", status="done", ends=4.2),
        _entry("saga", 4.25, "ConfirmOrder", status="done", ends=4.7),
        _entry("store", 4.6, "OrderConfirmed", version=2, total=8470),
        _entry("log", 4.72, "OrderConfirmed", version=2, **shard),
        _entry("views", 4.8, "order-view", version=2, status="done"),
        _entry("views", 4.82, "sales", version=2, status="done"),
        _entry("notifications", 5.0, "order confirmed", status="done", channel="mail"),
        _entry("archive", 61, "OrderPlaced", version=1, object="2026/11/26/14"),
        _entry("archive", 61.01, "OrderConfirmed", version=2, object="2026/11/26/14"),
        _entry("notifications", 7260, "parcel on its way", status="failed", channel="mail"),
    ]
    placed = {
        "status": "placed",
        "currency": "EUR",
        "total": 8470,
        "lines": [
            {"sku": "lamp-oak", "quantity": 1, "price": 6990},
            {"sku": "bulb-e27", "quantity": 2, "price": 740},
        ],
    }
    lanes = ("api", "store", "log", "views", "archive", "saga", "notifications")
    return {
        "as_of": moment(7300),
        "order_id": order,
        "correlation_id": identifier(f"{order}/correlation"),
        "entries": sorted(entries, key=lambda it: str(it["at"])),
        "left_out": 0,
        "states": [
            {"version": 1, "at": moment(0), "type": "OrderPlaced", "state": placed},
            {
                "version": 2,
                "at": moment(4.6),
                "type": "OrderConfirmed",
                "state": placed | {"status": "confirmed", "carrier": "tern-post"},
            },
        ],
        "parts": {
            lane: {"answered": True, "problem": None, "as_of": moment(7300)} for lane in lanes
        },
    }


def consumers() -> list[Document]:
    """Three readers of the log; one has parked records."""
    readers = (("order-view", "order-views", True, 0, 0.4), ("sales", "sales", True, 2, 0.7))
    return [
        {
            "name": name,
            "service": service,
            "view": view,
            "checkpoints": [
                {
                    "shard": f"shardId-00000000000{shard}",
                    "sequence": _SEQUENCE,
                    "at": moment(7298 + shard / 3),
                    "lag_seconds": lag,
                }
                for shard in range(3)
            ],
            "lag_seconds": lag,
            "log_looked_at": moment(7299),
            "parked": parked,
            "parked_capped": False,
            "problem": None,
        }
        for name, service, view, parked, lag in (
            *readers,
            ("bus-publisher", "orders", False, 0, 74.0),
        )
    ]


def parked() -> list[Document]:
    """What a consumer could not apply."""
    return [
        {
            "shard": "shardId-000000000001",
            "sequence": f"{_SEQUENCE}{index}",
            "reason": reason,
            "order_id": identifier(f"order {index}") if index else None,
            "at": moment(60 * index),
            "redrivable": bool(index),
        }
        for index, reason in enumerate(("not an envelope", "an unknown currency: XXX"))
    ]
