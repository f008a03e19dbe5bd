"""An order has one trace through every hop; where one drops ``traceparent``, the hop is named."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Callable

import pytest

from contracts.product import PRODUCT
from fulfilment.domain.steps import STEPS
from tests.support.drivers import forged_events
from tests.support.drivers.offline import eventually
from tests.support.drivers.shipping_driver import CARRIERS
from tests.support.drivers.shop import FORWARD, Shop
from tests.support.drivers.system import System
from tests.support.drivers.tracking_driver import PLACED, Handling, invoke
from tools.base.target import offline
from tools.base.workspace import CHECKOUT
from tools.emulator.trace_receiver import TraceReceiver
from tools.emulator.trace_receiver.edges import Edge, counted
from tools.emulator.trace_receiver.spans import ReceivedSpan
from tools.operations import service_map
from tools.operations.trace import offline_spans
from tools.operations.waterfall import lost_at, rows

EVERY_HOP = [(step, what) for step in FORWARD for what in ("command", "reply")]
IN_EACH_RUN = [
    ("reserve-stock", "command"),
    ("gather-quotes", "reply"),
    ("confirm-order", "command"),
]
SERVICES = {"orders", "fulfilment", "inventory", "payments", "shipping", "order-views", "sales"}
SERVICES |= {"event-log", "payment-provider"}


def receiver(shop: Shop) -> TraceReceiver:
    return TraceReceiver(shop.deployment.emulator.workspace)


def spans_of(shop: Shop, order_id: str) -> list[ReceivedSpan]:
    return offline_spans(receiver(shop), offline(shop.deployment.emulator.workspace.root), order_id)


def until_whole(
    shop: Shop, order_id: str, last: Callable[[list[ReceivedSpan]], bool]
) -> list[ReceivedSpan]:
    """The order's spans, once the last one of those that are waited for is there."""
    found: list[ReceivedSpan] = []

    def is_there() -> bool:
        found[:] = spans_of(shop, order_id)
        return last(found)

    eventually(is_there)
    return found


def first_lost(shop: Shop, order_id: str) -> str:
    """Where the order's trace was lost first; those who come after it have lost it as well."""
    return lost_at(until_whole(shop, order_id, lambda spans: bool(lost_at(spans))))[0]


def seen(service: str, name: str) -> Callable[[list[ReceivedSpan]], bool]:
    return lambda spans: any((it.service, it.name) == (service, name) for it in spans)


@pytest.mark.parametrize("outcome", ["confirmed", "declined", "cancelled"])
def test_every_span_but_roots_has_its_parent(outcome: str, shop: Shop) -> None:
    if outcome == "declined":
        shop.provider.add_fault("decline", amount=24900, times=1)
    order_id = shop.place(sku="TABLE-OAK" if outcome == "declined" else "TEA-SENCHA")
    if outcome == "cancelled":
        shop.cancel(order_id)
    shop.wait_until_over([order_id])
    last = {"declined": "OrderRejected"}.get(outcome, "OrderConfirmed")
    if shop.state(order_id)["status"] == "cancelled":
        last = "OrderCancelled"
    spans = until_whole(shop, order_id, seen("sales", f"process {last}"))
    assert lost_at(spans) == []
    assert [it.span.name for it in rows(spans) if it.is_orphan] == []
    roots = [it for it in spans if not it.parent_id]
    assert {it.kind for it in roots} == {"server"}  # each is a request of the customer
    if outcome == "confirmed":
        assert len(roots) == 1
        assert {it.service for it in spans} >= SERVICES


def test_what_two_orders_lead_to_is_the_map_of_the_docs(shop: Shop) -> None:
    """One is confirmed and one declined; whatever else runs here is in no trace of theirs."""
    shop.provider.add_fault("decline", amount=24900, times=1)
    orders = [shop.place(), shop.place(sku="TABLE-OAK")]
    shop.wait_until_over(orders)
    assert [shop.state(it)["status"] for it in orders] == ["confirmed", "rejected"]
    documented = set(service_map.edges_in((CHECKOUT / service_map.PAGE).read_text("utf-8")))
    assert {it.way for it in documented} == {"call", "queue", "log"}
    drawn: set[Edge] = set()

    def all_of_it_is_drawn() -> bool:
        drawn.update(it.edge for order in orders for it in counted(spans_of(shop, order)))
        assert documented - drawn == set()
        return True

    eventually(all_of_it_is_drawn)
    assert drawn - documented == set()


@pytest.mark.parametrize(
    ("step", "what"),
    [
        pytest.param(step, what, marks=() if (step, what) in IN_EACH_RUN else pytest.mark.nightly)
        for step, what in EVERY_HOP
    ],
)
def test_the_hop_that_drops_the_trace_is_named(step: str, what: str, shop: Shop) -> None:
    order_id = shop.place({step: Handling(untraced=what)})
    shop.wait_until_over([order_id])
    owner, command = STEPS[step].owner, STEPS[step].command
    hop = (
        f"{owner}: process {command}" if what == "command" else "fulfilment: process CommandReplied"
    )
    assert shop.state(order_id)["status"] == "confirmed"  # orders do not care
    assert lost_at(until_whole(shop, order_id, lambda spans: bool(lost_at(spans)))) == [hop]


def test_a_bus_that_drops_the_trace_is_named(shop: Shop) -> None:
    order_id = shop.place({PLACED: Handling(untraced="event")})
    shop.wait_until_over([order_id])
    assert first_lost(shop, order_id) == "fulfilment: process OrderPlaced"


def test_a_relay_that_is_given_no_trace_is_named(shop: Shop) -> None:
    order_id = shop.place()
    shop.wait_until_over([order_id])
    [item, *_] = shop.deployment.cloud.client("dynamodb").query(
        TableName=shop.deployment.named("orders", "tables", "EventStore"),
        KeyConditionExpression="order_id = :id",
        ExpressionAttributeValues={":id": {"S": order_id}},
    )["Items"]
    image = {"Keys": {}, "NewImage": item | {"traceparent": {"S": "-"}}}
    relay = shop.deployment.named("orders", "functions", "Relay")
    invoke(shop.deployment, relay, {"Records": [{"eventName": "INSERT", "dynamodb": image}]})
    assert first_lost(shop, order_id) == "orders: send OrderPlaced to event-log"


def test_a_log_that_drops_the_trace_is_named_at_each_of_its_readers(shop: Shop) -> None:
    order_id = shop.place()
    shop.wait_until_over([order_id])
    system = System(shop.deployment.outputs, shop.deployment.token)
    (_, event), *_ = system.logged(order_id)
    forged_events.put(shop.deployment, json.dumps(event | {"traceparent": "-"}).encode())
    readers = {f"{it}: process OrderPlaced" for it in ("order-views", "sales")}
    readers.add("orders: send OrderPlaced to bus")

    def named_by_all() -> bool:
        return readers <= set(lost_at(spans_of(shop, order_id)))

    eventually(named_by_all)
    named = lost_at(spans_of(shop, order_id))
    assert "orders: send OrderPlaced to event-log" not in named


def test_an_intake_that_is_given_no_trace_is_named(shop: Shop) -> None:
    order_id = shop.place()
    shop.wait_until_over([order_id])
    system = System(shop.deployment.outputs, shop.deployment.token)
    event = next(it for _, it in system.logged(order_id) if it["type"] == "StockReserved")
    event |= {"traceparent": "-", "event_id": str(uuid.uuid4())}
    heard = {"source": f"{PRODUCT}.inventory", "detail-type": event["type"], "detail": event}
    intake = shop.deployment.named("event-log", "functions", "Intake")
    record = {"messageId": "1", "body": json.dumps(heard), "attributes": {}}
    invoke(shop.deployment, intake, {"Records": [record]})
    assert first_lost(shop, order_id) == "event-log: send StockReserved to event-log"


def test_a_carrier_that_does_not_get_the_trace_is_named(shop: Shop) -> None:
    desk = shop.deployment.named("shipping", "tables", "CarrierDesk")
    dynamodb = shop.deployment.cloud.client("dynamodb")
    keys = [{"carrier": {"S": it}, "record": {"S": "behaviour"}} for it in CARRIERS]
    for key in keys:
        dynamodb.put_item(TableName=desk, Item=key | {"untraced": {"BOOL": True}})
    try:
        order_id = shop.place()
        shop.wait_until_over([order_id])
    finally:
        for key in keys:
            dynamodb.delete_item(TableName=desk, Key=key)
    assert first_lost(shop, order_id) in [f"shipping: book at {it}" for it in CARRIERS]


def test_a_payment_provider_that_does_not_get_the_trace_is_named(shop: Shop) -> None:
    shop.provider.add_fault("untraced", operation="capture", times=1)
    order_id = shop.place()
    shop.wait_until_over([order_id])
    assert lost_at(until_whole(shop, order_id, seen("sales", "process OrderConfirmed"))) == [
        "payments: capture at provider"
    ]


def test_without_a_receiver_orders_go_on(shop: Shop) -> None:
    gone = receiver(shop)
    os.kill(gone.pid, signal.SIGKILL)
    eventually(lambda: not gone.is_running())
    try:
        order_id = shop.place()
        shop.wait_until_over([order_id])
        assert shop.state(order_id)["status"] == "confirmed"
    finally:
        gone.start()
    again = shop.place()
    until_whole(shop, again, seen("orders", "POST /v1/orders"))


def test_a_receiver_that_reads_nothing_holds_up_nobody(shop: Shop) -> None:
    slow = receiver(shop)
    os.kill(slow.pid, signal.SIGSTOP)
    try:
        order_id = shop.place()
        shop.wait_until_over([order_id])
        assert shop.state(order_id)["status"] == "confirmed"
    finally:
        os.kill(slow.pid, signal.SIGCONT)
