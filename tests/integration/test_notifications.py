"""Notifications as deployed: customers are told what concerns them, and nobody else is."""

from __future__ import annotations

import uuid

import pytest

from tests.support.drivers.notification_driver import ADA, NotificationDriver, event, order_placed
from tests.support.drivers.offline import Deployment, eventually


@pytest.fixture(scope="module")
def notifications_driver(deployment: Deployment) -> NotificationDriver:
    return NotificationDriver(deployment)


def test_a_customer_who_orders_is_told_and_the_message_names_nobody(
    notifications_driver: NotificationDriver,
) -> None:
    ada = notifications_driver.customer()
    order_id = notifications_driver.order(ada)
    eventually(lambda: "order-received" in notifications_driver.templates(ada.id))
    received = next(
        item
        for item in notifications_driver.outbox(ada.id)
        if item["template"]["S"] == "order-received"
    )
    assert received["subject"]["S"] == f"We have received your order {order_id}"
    assert received["parameters"]["M"]["amount"]["S"] == "12.90 EUR"
    kept = notifications_driver.everything_kept()
    assert ada.id in kept
    for personal in (ADA["name"], ADA["email"], "Quillfeather"):
        assert personal not in kept


def test_who_asked_for_a_cancellation_decides_what_is_said(
    notifications_driver: NotificationDriver,
) -> None:
    ada, order_id = notifications_driver.customer(), str(uuid.uuid4())
    notifications_driver.announce(
        "orders",
        event("OrderCancelled", order_id, customer_id=ada.id, cancelled_by="customer"),
        event("OrderCancelled", order_id, customer_id=ada.id, cancelled_by="operator"),
    )
    eventually(
        lambda: notifications_driver.templates(ada.id) == ["order-called-off", "order-cancelled"],
    )


def test_only_the_reports_that_matter_to_a_customer_leave_the_bus(
    notifications_driver: NotificationDriver,
) -> None:
    ada = notifications_driver.customer()
    statuses = ["picked-up", "in-transit", "out-for-delivery", "delivered"]
    reports = [
        event(
            "ShipmentTracked",
            str(uuid.uuid4()),
            customer_id=ada.id,
            status=status,
            carrier="tern-post",
            tracking_number="T1",
        )
        for status in statuses
    ]
    notifications_driver.announce("shipping", *reports)
    told = ["parcel-delivered", "parcel-out-for-delivery"]
    eventually(lambda: notifications_driver.templates(ada.id) == told)
    assert [notifications_driver.settled(report.event_id) for report in reports] == [
        None,
        None,
        "sent",
        "sent",
    ]


def test_only_the_owners_word_counts(notifications_driver: NotificationDriver) -> None:
    ada = notifications_driver.customer()
    forged, genuine = (order_placed(str(uuid.uuid4()), ada.id) for _ in range(2))
    notifications_driver.announce("inventory", forged)
    notifications_driver.announce("orders", genuine)
    eventually(lambda: notifications_driver.settled(genuine.event_id) == "sent")
    assert notifications_driver.settled(forged.event_id) is None


@pytest.mark.parametrize("forgotten", [False, True])
def test_who_is_not_known_or_is_forgotten_gets_nothing_and_is_counted(
    notifications_driver: NotificationDriver, forgotten: bool
) -> None:
    somebody = notifications_driver.customer(registered=forgotten)
    if forgotten:
        assert somebody.asks("DELETE") < 300
    placed = order_placed(str(uuid.uuid4()), somebody.id)
    before = len(notifications_driver.logged("NotificationsWithoutRecipient"))
    notifications_driver.announce("orders", placed)
    eventually(lambda: notifications_driver.settled(placed.event_id) == "nobody")
    assert notifications_driver.outbox(somebody.id) == []
    eventually(
        lambda: len(notifications_driver.logged("NotificationsWithoutRecipient")) == before + 1
    )


def test_an_integration_event_that_names_no_customer_reaches_the_one_who_ordered(
    notifications_driver: NotificationDriver,
) -> None:
    ada = notifications_driver.customer()
    order_id = notifications_driver.order(ada)
    refunded = event("PaymentRefunded", order_id, refunded=1780, currency="EUR")
    notifications_driver.announce("payments", refunded)
    eventually(lambda: "payment-refunded" in notifications_driver.templates(ada.id))
