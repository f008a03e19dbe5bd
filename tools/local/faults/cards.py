"""What an operator is told of each fault: what it does, what to expect, where to look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tools.local.faults.at_a_table import ThrottledTable
from tools.local.faults.at_carriers import SLOW_SECONDS, SilentCarrier, SlowCarrier
from tools.local.faults.at_payments import DeclinedPayment, ProviderDown
from tools.local.faults.at_the_log import PoisonRecord, StoppedConsumer
from tools.local.faults.deployed import Deployed
from tools.local.faults.desk import Fault


class ShownFault(Fault, Protocol):
    """A fault whose effect can be read back."""

    def effect(self) -> str:
        """What it does at present, in a few words, as the system itself tells it."""


@dataclass(frozen=True, slots=True)
class Card:
    """``look`` are texts by address in the console; ``choices`` are texts by choice."""

    name: str
    title: str
    does: str
    expect: str
    undo: str
    look: Mapping[str, str]
    choices: Mapping[str, str]
    fault: ShownFault


def cards(deployed: Deployed, seconds: float) -> dict[str, Card]:
    """Every fault by its name, in the order in which they are shown."""
    told = (*_of_payments(deployed), *_of_carriers(deployed), *_of_the_rest(deployed, seconds))
    return {it.name: it for it in told}


def _of_payments(deployed: Deployed) -> tuple[Card, ...]:
    return (
        Card(
            "declined-payment",
            "Declined payment",
            "Both payment providers decline to authorize payments.",
            "The saga releases the stock and rejects the order. No money moves.",
            "The providers decline nothing more. Orders that were rejected stay rejected.",
            {"#/sagas": "Sagas", "#/orders": "Orders", "#/services/payments": "payments"},
            {
                "next": "the next payment",
                "next-five": "the next five payments",
                "every-second": "every second payment",
                "all": "all payments",
            },
            DeclinedPayment(deployed),
        ),
        Card(
            "provider-down",
            "Payment provider down",
            "The provider closes every connection without an answer.",
            "Commands to payments are sent again. Orders wait at Authorize payment for 120 s at "
            "most, and are then rejected with everything undone. Orders that wait are confirmed "
            "when the provider is back.",
            "The provider answers again, and what waits goes on within a minute.",
            {"#/sagas": "Sagas", "#/services/payments": "payments"},
            {"primary": "the primary provider", "backup": "the backup provider"},
            ProviderDown(deployed),
        ),
    )


def _of_carriers(deployed: Deployed) -> tuple[Card, ...]:
    names = {"tern-post": "Tern Post", "aquila-express": "Aquila Express"}
    names["heron-freight"] = "Heron Freight"
    look = {"#/sagas": "Sagas", "#/orders": "Orders", "#/services/shipping": "shipping"}
    return (
        Card(
            "silent-carrier",
            "Silent carrier",
            "The carrier takes requests for quotes and answers none.",
            "The saga waits for quotes until the deadline of 10 s, and books the best of the "
            "others. Orders are confirmed, 10 s later than usual.",
            "The carrier answers the next request. Requests that it left unanswered stay so.",
            look,
            names,
            SilentCarrier(deployed),
        ),
        Card(
            "slow-carrier",
            "Slow carrier",
            f"The queue to the carrier hands out each request {SLOW_SECONDS} s late.",
            f"Orders are confirmed {SLOW_SECONDS} s to {SLOW_SECONDS + 2} s later than usual: the "
            "last quote comes before the deadline, and counts.",
            "Requests reach the carrier at once.",
            look,
            names,
            SlowCarrier(deployed),
        ),
    )


def _of_the_rest(deployed: Deployed, seconds: float) -> tuple[Card, ...]:
    return (
        Card(
            "stopped-consumer",
            "Stopped consumer",
            "The event source mapping of one consumer of the log is disabled.",
            "It falls behind, and the others go on. Orders go on too, unless it is the bus "
            "publisher that stands still: then nobody but the log's readers hears of new orders.",
            "The mapping is enabled. The consumer goes on where it stopped and loses nothing.",
            {"#/consumers": "Consumers", "#/": "Map"},
            {
                "order-view": "order-view: the orders' read model",
                "sales": "sales: what was sold, by day",
                "bus-publisher": "bus-publisher: from the log to the bus",
            },
            StoppedConsumer(deployed),
        ),
        Card(
            "poison-record",
            "Poison record",
            "An event of an order that has ended comes to the log, with data that has no meaning.",
            "Every consumer parks it with the reason and goes on with all other orders. Log and "
            "archive keep the record, so make reconcile names it later.",
            "Every consumer redrives what it has parked: it reads the order's own history.",
            {"#/consumers": "Consumers", "#/consumers/order-view": "parked by order-view"},
            {"once": "one record"},
            PoisonRecord(deployed),
        ),
        Card(
            "throttled-table",
            "Throttled table",
            "DynamoDB refuses four of five requests to a table, as it does without capacity.",
            "Whoever writes it tries again, and falls behind. Offline one thread reads the log for "
            "all consumers, so that the order view's delay delays the others too; on AWS it "
            "would not.",
            "The table takes every request, and what waits is written.",
            {"#/consumers": "Consumers", "#/sagas": "Sagas"},
            {
                "order-view": "the order view",
                "reservations": "inventory's reservations",
                "notifications": "notifications' ledger",
            },
            ThrottledTable(deployed, seconds),
        ),
    )
