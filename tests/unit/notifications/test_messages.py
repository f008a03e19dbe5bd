"""What customers are told, and that its parameters name nobody."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.domain.messages import TEMPLATES, MissingField, NothingToSay, compose

ORDER = "0b0f2f3e-1111-4111-8111-000000000001"
TRACKED = {"carrier": "tern-post", "tracking_number": "T1"}


@pytest.mark.parametrize(
    ("type", "data", "subject"),
    [
        ("OrderPlaced", {"total": 4205, "currency": "EUR"}, f"We have received your order {ORDER}"),
        ("OrderConfirmed", {}, f"Your order {ORDER} is confirmed"),
        ("OrderRejected", {"reason": "no-quotes"}, f"We could not fulfil your order {ORDER}"),
        ("OrderCancelled", {}, f"Your order {ORDER} is cancelled"),
        (
            "OrderCancelled",
            {"cancelled_by": "operator"},
            f"Your order {ORDER} had to be cancelled",
        ),
        ("PaymentRefunded", {}, f"Your money for order {ORDER} is on its way back"),
        ("ShipmentTracked", {**TRACKED, "status": "delivered"}, "Your parcel was delivered"),
    ],
)
def test_each_event_has_its_words(type: str, data: dict[str, Any], subject: str) -> None:
    notification = compose("e-1", type, ORDER, data, "c-1")
    assert notification.subject == subject
    assert notification.text("Ada").startswith("Dear Ada,")


def test_money_is_written_with_its_currency() -> None:
    placed = compose("e-1", "OrderPlaced", ORDER, {"total": 4205, "currency": "EUR"}, "c-1")
    assert "42.05 EUR" in placed.text("Ada")


@pytest.mark.parametrize(
    ("type", "data"),
    [("StockReserved", {}), ("ShipmentTracked", {"status": "in-transit"}), ("", {})],
)
def test_what_is_no_concern_of_a_customer_has_no_words(type: str, data: dict[str, Any]) -> None:
    with pytest.raises(NothingToSay):
        compose("e-1", type, ORDER, data, "c-1")


def test_an_event_without_what_its_words_need_names_the_field() -> None:
    with pytest.raises(MissingField, match="OrderPlaced without total"):
        compose("e-1", "OrderPlaced", ORDER, {"currency": "EUR"}, "c-1")


def test_no_subject_names_the_customer() -> None:
    assert [name for name, it in TEMPLATES.items() if "{name}" in it.subject] == []


def test_a_notification_is_of_its_event_for_its_customer_with_what_its_words_need() -> None:
    told = compose("e-1", "ShipmentTracked", ORDER, {**TRACKED, "status": "delivered"}, "c-1")
    assert (told.event_id, told.customer_id) == ("e-1", "c-1")
    assert told.parameters == {"order": ORDER, "carrier": "tern-post", "tracking_number": "T1"}
