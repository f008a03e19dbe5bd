"""What orders, inventory and payments really send is what the schemas say, and nothing besides."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from inventory.domain.reservation import Status
from inventory.handlers.queued_commands import commands_on as inventory_commands
from inventory.handlers.release_expired import stock_released
from orders.adapters.event_codec import CODEC
from orders.domain.events import CancellationReason, OrderCancelled, OrderEvent
from orders.domain.order import Order
from orders.handlers.queued_commands import commands_on as orders_commands
from payments.domain.payment import Provider
from payments.handlers.queued_commands import commands_on as payments_commands
from shared.messaging.bus import reply_to
from tests.support.contracts.event_schemas import envelope, example, types, violations
from tests.support.drivers.queue_driver import QueueDriver, refusals_of
from tests.support.examples.orders import (
    CANCELLED,
    CONFIRMED,
    LINES,
    PLACED,
    REJECTED,
    SHIP_TO,
    OrderStore,
    recorded,
)
from tests.support.fakes.fake_provider import FakeProvider
from tests.support.fakes.in_memory_payments import InMemoryPayments
from tests.support.fakes.in_memory_warehouse import InMemoryWarehouse

NOON = "2026-12-01T12:00:00.000Z"
PAY = {"customer_id": "customer-1", "amount": 2580, "currency": "EUR"}
MUGS: dict[str, Any] = {"lines": [{"sku": "MUG-BLUE", "quantity": 2}]}
NO_SUCH_SKU: dict[str, Any] = {"lines": [{"sku": "NO-SUCH", "quantity": 1}]}
EVENTS = [
    Order.place("customer-1", LINES, "EUR", SHIP_TO),
    *(PLACED, CONFIRMED, REJECTED, CANCELLED),
    *(OrderCancelled(reason) for reason in CancellationReason),
    OrderCancelled(CancellationReason.OTHER, cancelled_by="operator"),
]


def new_ids(count: int) -> list[str]:
    return [str(uuid.uuid4()) for _ in range(count)]


@pytest.mark.parametrize("event", EVENTS, ids=lambda it: type(it).__name__)
def test_an_event_leaves_orders_in_its_published_form(event: OrderEvent) -> None:
    assert violations(CODEC.to_envelope(CODEC.to_item(recorded(event, 1))), closed=True) == []


def test_each_of_orders_events_was_tried() -> None:
    assert {type(event).__name__ for event in EVENTS} == types("event", owner="orders")


def test_what_orders_answers_to_commands() -> None:
    store = OrderStore()
    driver = QueueDriver(orders_commands(store, lambda: NOON))
    confirmed, rejected, cancelled, unknown = new_ids(4)
    for order_id in (confirmed, rejected, cancelled):
        store.append(recorded(PLACED, 1, order_id=order_id))
    store.append(recorded(CANCELLED, 2, order_id=cancelled))
    driver.take("ConfirmOrder", confirmed)
    driver.take("RejectOrder", rejected, reason="out-of-stock")
    for order_id in (confirmed, rejected, cancelled, unknown):
        driver.take("ConfirmOrder", order_id)
        driver.take("RejectOrder", order_id, reason="out-of-stock")
    assert driver.refusals == refusals_of("ConfirmOrder") == refusals_of("RejectOrder")
    assert driver.integration_events == set()


def test_what_inventory_answers_and_tells() -> None:
    stock = InMemoryWarehouse()
    stock.receive("d-1", "MUG-BLUE", 2, NOON)
    driver = QueueDriver(inventory_commands(stock, lambda: NOON, 60))
    one, too_many, unknown, never = new_ids(4)
    driver.take("ReserveStock", one, **MUGS)
    driver.take("ReserveStock", too_many, **MUGS)
    driver.take("ReserveStock", unknown, **NO_SUCH_SKU)
    driver.take("ReleaseStock", never)
    held = stock.reservations[one]
    assert violations(stock_released(held.expire()), closed=True) == []
    for status in (Status.SOLD, Status.EXPIRED, Status.HELD):
        stock.reservations[one] = replace(held, status=status)
        driver.take("ReserveStock", one, **MUGS)
        driver.take("ReleaseStock", one)
    driver.take("ReserveStock", one, **MUGS)
    assert driver.refusals == refusals_of("ReserveStock", "ReleaseStock")
    assert driver.integration_events == {"StockReserved", "StockRefused", "StockReleased"}


def test_what_payments_answers_and_tells() -> None:
    provider = FakeProvider()
    commands = payments_commands(
        InMemoryPayments(), {Provider.PRIMARY: provider}, lambda: Provider.PRIMARY
    )
    driver = QueueDriver(commands)
    paid, voided, expired, declined, never = new_ids(5)
    driver.take("CapturePayment", never)
    driver.take("AuthorizePayment", paid, **PAY)
    driver.take("CapturePayment", paid)
    driver.take("VoidPayment", paid)
    driver.take("RefundPayment", paid)
    driver.take("AuthorizePayment", voided, **PAY)
    driver.take("VoidPayment", voided)
    driver.take("AuthorizePayment", voided, **PAY)
    driver.take("RefundPayment", never)
    driver.take("AuthorizePayment", expired, **PAY)
    provider.expire_all()
    driver.take("CapturePayment", expired)
    driver.take("AuthorizePayment", expired, **PAY)
    provider.declines = True
    driver.take("AuthorizePayment", declined, **PAY)
    assert driver.refusals == refusals_of(*commands)
    assert driver.integration_events == {
        *("PaymentAuthorized", "PaymentDeclined", "PaymentCaptured"),
        *("PaymentVoided", "PaymentRefunded"),
    }


@pytest.mark.parametrize("outcome", ["done", "refused", "failed"])
@pytest.mark.parametrize("order_id", [None, 5, {"a": 1}])
def test_even_the_answer_to_a_malformed_command_is_of_its_schema(
    outcome: str, order_id: object
) -> None:
    malformed = envelope({**example("ReserveStock"), "data": {"order_id": order_id}})
    assert violations(reply_to(malformed, outcome, "invalid-command"), closed=True) == []
