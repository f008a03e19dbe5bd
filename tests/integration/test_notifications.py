"""Notifications as deployed: customers are told what concerns them, and nobody else is."""

from __future__ import annotations

import uuid

import pytest

from tests.support.drivers.notification_driver import ADA, NotificationDriver, event, order_placed
from tests.support.drivers.offline import Deployment, eventually


@pytest.fixture(scope="module")
def mailroom(deployment: Deployment) -> NotificationDriver:
    return NotificationDriver(deployment)


def test_a_customer_who_orders_is_told_and_the_message_names_nobody(
    mailroom: NotificationDriver,
) -> None:
    ada = mailroom.customer()
    order_id = mailroom.order(ada)
    eventually(lambda: "order-received" in mailroom.templates(ada.id), 30)
    received = next(
        item for item in mailroom.outbox(ada.id) if item["template"]["S"] == "order-received"
    )
    assert received["subject"]["S"] == f"We have received your order {order_id}"
    assert received["parameters"]["M"]["amount"]["S"] == "12.90 EUR"
    kept = mailroom.everything_kept()
    assert ada.id in kept
    for personal in (ADA["name"], ADA["email"], "Quillfeather"):
        assert personal not in kept


def test_who_asked_for_a_cancellation_decides_what_is_said(mailroom: NotificationDriver) -> None:
    ada, order_id = mailroom.customer(), str(uuid.uuid4())
    mailroom.announce(
        "orders",
        event("OrderCancelled", order_id, customer_id=ada.id, cancelled_by="customer"),
        event("OrderCancelled", order_id, customer_id=ada.id, cancelled_by="operator"),
    )
    eventually(lambda: mailroom.templates(ada.id) == ["order-called-off", "order-cancelled"], 30)


def test_only_the_reports_that_matter_to_a_customer_leave_the_bus(
    mailroom: NotificationDriver,
) -> None:
    ada = mailroom.customer()
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
    mailroom.announce("shipping", *reports)
    told = ["parcel-delivered", "parcel-out-for-delivery"]
    eventually(lambda: mailroom.templates(ada.id) == told, 30)
    assert [mailroom.settled(report.event_id) for report in reports] == [None, None, "sent", "sent"]


def test_only_the_owners_word_counts(mailroom: NotificationDriver) -> None:
    ada = mailroom.customer()
    forged, genuine = (order_placed(str(uuid.uuid4()), ada.id) for _ in range(2))
    mailroom.announce("inventory", forged)
    mailroom.announce("orders", genuine)
    eventually(lambda: mailroom.settled(genuine.event_id) == "sent", 30)
    assert mailroom.settled(forged.event_id) is None


@pytest.mark.parametrize("forgotten", [False, True])
def test_who_is_not_known_or_is_forgotten_gets_nothing_and_is_counted(
    mailroom: NotificationDriver, forgotten: bool
) -> None:
    somebody = mailroom.customer(registered=forgotten)
    if forgotten:
        assert somebody.asks("DELETE") < 300
    placed = order_placed(str(uuid.uuid4()), somebody.id)
    before = len(mailroom.logged("NotificationsWithoutRecipient"))
    mailroom.announce("orders", placed)
    eventually(lambda: mailroom.settled(placed.event_id) == "nobody", 30)
    assert mailroom.outbox(somebody.id) == []
    eventually(lambda: len(mailroom.logged("NotificationsWithoutRecipient")) == before + 1)


def test_an_integration_event_that_names_no_customer_reaches_the_one_who_ordered(
    mailroom: NotificationDriver,
) -> None:
    ada = mailroom.customer()
    order_id = mailroom.order(ada)
    refunded = event("PaymentRefunded", order_id, refunded=1780, currency="EUR")
    mailroom.announce("payments", refunded)
    eventually(lambda: "payment-refunded" in mailroom.templates(ada.id), 30)
