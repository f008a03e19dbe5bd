"""What must be true of a run's end: an independent model of what the stores, log and views hold.

It knows the promises, and none of the code that keeps them: histories are folded here by hand.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tools.local import invariants
from tools.simulation import records
from tools.simulation.aws.kinesis import GARBAGE
from tools.simulation.deployment import Deployment
from tools.simulation.shop import Told

Json = dict[str, Any]
LEADS_TO = {
    "OrderPlaced": "placed",
    "OrderConfirmed": "confirmed",
    "OrderRejected": "rejected",
    "OrderCancelled": "cancelled",
}
TOLD_BY = {
    "OrderPlaced": ("order-received",),
    "OrderConfirmed": ("order-confirmed",),
    "OrderRejected": ("order-rejected",),
    "OrderCancelled": ("order-cancelled", "order-called-off"),
}
"""The words in which a customer is told of an event."""
BEFORE_CONFIRMED = frozenset(
    {"StockReserved", "PaymentAuthorized", "QuotesGathered", "ShipmentBooked", "PaymentCaptured"}
)
PARKING = ("orders-Parked", "order-views-Parked", "sales-Parked")


def histories(deployment: Deployment) -> dict[str, list[Json]]:
    """Each order's events by version, as the event store has them."""
    found: dict[str, list[Json]] = {}
    for item in deployment.table("orders", "EventStore").items.values():
        event = {
            "version": int(item["version"]["N"]),
            "type": item["type"]["S"],
            "occurred_at": item["occurred_at"]["S"],
            "data": json.loads(item["data"]["S"]),
        }
        found.setdefault(item["order_id"]["S"], []).append(event)
    for events in found.values():
        events.sort(key=lambda it: it["version"])
    return found


def examine(
    deployment: Deployment, told: Mapping[str, Told], *, calm: bool = False
) -> Iterator[str]:
    """Everything that is not as it was promised; ``calm`` says that nothing has gone wrong."""
    events = histories(deployment)
    if calm:
        yield from _every_order_is_confirmed(events)
    yield from _histories_are_possible(events)
    yield from _what_was_told_is_so(events, told)
    yield from _the_log_is_complete(deployment, events)
    yield from _views_are_folds(deployment, events)
    yield from _the_log_tells_what_others_did(deployment, events)
    yield from _nothing_is_parked(deployment)
    yield from _sales_are_counted_once(deployment, events)
    yield from _customers_are_told(deployment, events)
    yield from _the_best_quote_is_booked(deployment, calm=calm)
    yield from map(str, invariants.examine(records.read(deployment)).violations)


def open_sagas(deployment: Deployment) -> list[str]:
    """Orders whose saga has not ended, or never began."""
    sagas = {
        item["order_id"]["S"]: item["state"]["S"]
        for item in deployment.table("fulfilment", "Sagas").items.values()
        if item["part"]["S"] == "saga"
    }
    orders = {key[0] for key in deployment.table("orders", "EventStore").items}
    ended = {order_id for order_id, state in sagas.items() if state == "ended"}
    return sorted(orders - ended)


def _every_order_is_confirmed(events: Mapping[str, list[Json]]) -> Iterator[str]:
    """Where nothing goes wrong, only a customer or missing stock ends an order otherwise."""
    for order_id, history in events.items():
        last = history[-1]
        if last["type"] == "OrderRejected" and last["data"]["reason"] != "out-of-stock":
            yield f"{order_id}: rejected for {last['data']['reason']}, and nothing went wrong"


def _histories_are_possible(events: Mapping[str, list[Json]]) -> Iterator[str]:
    for order_id, history in events.items():
        versions = [event["version"] for event in history]
        types = [event["type"] for event in history]
        times = [event["occurred_at"] for event in history]
        if versions != list(range(1, len(history) + 1)):
            yield f"{order_id}: versions {versions} in the store"
        if types[0] != "OrderPlaced" or "OrderPlaced" in types[1:] or len(types) > 2:
            yield f"{order_id}: no history of an order: {types}"
        if times != sorted(times):
            yield f"{order_id}: time goes back in its history: {times}"


def _what_was_told_is_so(
    events: Mapping[str, list[Json]], told: Mapping[str, Told]
) -> Iterator[str]:
    for order_id, promise in told.items():
        history = events.get(order_id)
        if history is None:
            yield f"{order_id}: was accepted, and is not in the store"
            continue
        placed = history[0]["data"]
        if (placed["total"], placed["customer_id"]) != (promise.total, promise.customer):
            yield f"{order_id}: {promise} was answered, {placed} is in the store"
        outcome = history[-1]["type"]
        if promise.refused and outcome == "OrderCancelled" and not promise.cancelled:
            yield f"{order_id}: its customer cancelled it, and was told that it was too late"
        if promise.refused & promise.cancelled or len(promise.cancelled) > 1:
            yield f"{order_id}: cancelled by {promise.cancelled}, not by {promise.refused}"
        asked = [(line["sku"], line["quantity"]) for line in promise.lines]
        bought = [(line["sku"], line["quantity"]) for line in placed["lines"]]
        if asked != bought:
            yield f"{order_id}: {asked} was ordered, {bought} is in the store"
        if placed["total"] != sum(it["unit_price"] * it["quantity"] for it in placed["lines"]):
            yield f"{order_id}: {placed['total']} is not the sum of {placed['lines']}"
        for version, status in promise.versions.items():
            if version > len(history) or LEADS_TO[history[version - 1]["type"]] != status:
                yield f"{order_id}: {status} was answered as version {version}, and is not there"
    for order_id in events.keys() - told.keys():
        yield f"{order_id}: nobody was told of it"


def _the_log_is_complete(deployment: Deployment, events: Mapping[str, list[Json]]) -> Iterator[str]:
    on_log: set[tuple[str, int]] = set()
    for shard in deployment.kinesis.shards:
        for record in shard.records:
            event = json.loads(record.data)
            if record.data == GARBAGE:
                continue
            if event["version"] is None:
                continue
            on_log.add((event["aggregate_id"], event["version"]))
            if record.key != event["aggregate_id"]:
                yield f"{event['aggregate_id']}: its events have no order on the log: {record.key}"
            history = events.get(event["aggregate_id"], [])
            if event["version"] > len(history):
                yield f"{event['aggregate_id']}: version {event['version']} is on the log alone"
            elif event["type"] != history[event["version"] - 1]["type"]:
                yield f"{event['aggregate_id']}: {event['type']} is on the log, not in the store"
    for order_id, history in events.items():
        for event in history:
            if (order_id, event["version"]) not in on_log:
                yield f"{order_id}: version {event['version']} never reached the log"


def _the_log_tells_what_others_did(
    deployment: Deployment, events: Mapping[str, list[Json]]
) -> Iterator[str]:
    """What every confirmed order has gone through; what was given up is with the dead letters."""
    if deployment.queues.queues["event-log-FactsDeadLetters"].messages:
        return
    told = {
        (event["data"].get("order_id"), event["type"])
        for shard in deployment.kinesis.shards
        for record in shard.records
        if record.data != GARBAGE
        if (event := json.loads(record.data))["version"] is None
    }
    for order_id, history in events.items():
        if history[-1]["type"] == "OrderConfirmed":
            for kind in sorted(BEFORE_CONFIRMED):
                if (order_id, kind) not in told:
                    yield f"{order_id}: is confirmed, and the log has no {kind}"


def _views_are_folds(deployment: Deployment, events: Mapping[str, list[Json]]) -> Iterator[str]:
    views = {
        item["order_id"]["S"]: item
        for item in deployment.table("order-views", "OrderView").items.values()
        if "order_id" in item
    }
    for order_id, history in events.items():
        if order_id not in views:
            yield f"{order_id}: has no view"
            continue
        found, placed, last = views[order_id], history[0], history[-1]
        expected = {
            "version": len(history),
            "status": LEADS_TO[last["type"]],
            "total": placed["data"]["total"],
            "placed_at": placed["occurred_at"],
            "updated_at": last["occurred_at"],
            "customer_id": placed["data"]["customer_id"],
            "reason": last["data"].get("reason"),
            "lines": [(it["sku"], it["quantity"]) for it in placed["data"]["lines"]],
        }
        seen = {
            "version": int(found["version"]["N"]),
            "status": found["status"]["S"],
            "total": int(found["total"]["N"]),
            "placed_at": found["placed_at"]["S"],
            "updated_at": found["updated_at"]["S"],
            "customer_id": found["customer_id"]["S"],
            "reason": found.get("reason", {}).get("S"),
            "lines": [
                (it["M"]["sku"]["S"], int(it["M"]["quantity"]["N"])) for it in found["lines"]["L"]
            ],
        }
        if seen != expected:
            wrong = {
                name: (seen[name], expected[name]) for name in seen if seen[name] != expected[name]
            }
            yield f"{order_id}: its view and its history differ: {wrong}"
        if "stalled_at_version" in found:
            yield f"{order_id}: its view has stalled"


def _sales_are_counted_once(
    deployment: Deployment, events: Mapping[str, list[Json]]
) -> Iterator[str]:
    """By the day on which an order was confirmed, and by its currency."""
    expected: Counter[tuple[str, str]] = Counter()
    for history in events.values():
        last, placed = history[-1], history[0]["data"]
        if last["type"] == "OrderConfirmed":
            day = f"{last['occurred_at'][:10]}#{placed['currency']}"
            expected[day, "orders"] += 1
            expected[day, "amount"] += placed["total"]
    counted: Counter[tuple[str, str]] = Counter()
    for item in deployment.table("sales", "Sales").items.values():
        _, is_counter, day = item["pk"]["S"].partition("#day#")
        for name in ("orders", "amount") if is_counter else ():
            counted[day, name] += int(item[name]["N"])
    if counted != expected:
        yield f"sales: {dict(counted)} were counted, {dict(expected)} were made"


def _customers_are_told(deployment: Deployment, events: Mapping[str, list[Json]]) -> Iterator[str]:
    """Of each event, in its words, and for good; what was given up stands with the dead letters."""
    if deployment.queues.queues["notifications-EventsDeadLetters"].messages:
        return
    sent = deployment.table("notifications", "Outbox").items
    ledger = deployment.table("notifications", "Ledger").items.values()
    settled = {it["event_id"]["S"] for it in ledger if it["status"]["S"] == "sent"}
    for order_id, history in events.items():
        customer = history[0]["data"]["customer_id"]
        for event in history:
            its_id = str(uuid.uuid5(uuid.UUID(order_id), str(event["version"])))
            message = sent.get((customer, its_id))
            if message is None:
                yield f"{order_id}: its customer was not told of {event['type']}"
            elif (words := message["template"]["S"]) not in TOLD_BY[event["type"]]:
                yield f"{order_id}: its customer was told of {event['type']} as {words}"
            elif its_id not in settled:
                yield f"{order_id}: the message of {event['type']} may be sent again"


def _the_best_quote_is_booked(deployment: Deployment, *, calm: bool) -> Iterator[str]:
    """A day less is worth a euro; where nothing goes wrong, every carrier is waited for."""
    best: set[tuple[str, str]] = set()
    for item in deployment.table("shipping", "Gatherings").items.values():
        order_id = item["order_id"]["S"]
        quotes = {name: it["M"] for name, it in item["quotes"]["M"].items()}
        asked = {it["S"] for it in item["expected"]["L"]}
        if calm and quotes.keys() < asked:
            yield f"{order_id}: of {sorted(asked)}, only {sorted(quotes)} were waited for"
        if "best" not in item:
            continue
        chosen = item["best"]["S"]
        costs = {
            name: int(it["price"]["N"]) + 100 * int(it["promised_days"]["N"])
            for name, it in quotes.items()
        }
        if costs[chosen] > min(costs.values()):
            yield f"{order_id}: {chosen} was chosen of {costs}"
        best.add((order_id, quotes[chosen]["quote_id"]["S"]))
    for item in deployment.table("shipping", "Shipments").items.values():
        booked = (item["order_id"]["S"], item.get("quote_id", {}).get("S", ""))
        if item["status"]["S"] == "booked" and booked not in best:
            yield f"{booked[0]}: {booked[1]} is booked, which was not chosen"


def _nothing_is_parked(deployment: Deployment) -> Iterator[str]:
    """Garbage must be, once for each consumer; and nothing else."""
    for table in PARKING:
        parked = [
            item for item in deployment.dynamodb.tables[table].items.values() if "reason" in item
        ]
        garbage = [item for item in parked if "aggregate_id" not in item]
        if len(garbage) != deployment.kinesis.garbage:
            yield f"{table}: {len(garbage)} of {deployment.kinesis.garbage} garbage records parked"
        for item in parked:
            if "aggregate_id" in item:
                yield f"{table}: parked: {item['reason']['S']}"
