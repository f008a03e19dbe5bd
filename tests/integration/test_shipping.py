"""Shipping as deployed: quotes are gathered, the best is booked, and the parcel is followed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from contracts.product import PRODUCT
from shared.runtime import clock
from tests.support.drivers.offline import Answer, Deployment, call, eventually
from tests.support.drivers.shipping_driver import (
    CARRIERS,
    TABLE_GRAMS,
    ShippingDriver,
    book_shipment,
    cancel_shipment,
    gather_quotes,
)

HAPPENED = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


@pytest.fixture(scope="module")
def driver(deployment: Deployment) -> ShippingDriver:
    return ShippingDriver.at(deployment)


def test_the_best_of_three_quotes_is_chosen_by_price_and_promise(driver: ShippingDriver) -> None:
    order_id = str(uuid.uuid4())
    asked = gather_quotes(order_id)
    reply = driver.ask(asked)
    assert reply["outcome"] == "done"
    assert [quote["carrier"] for quote in reply["data"]["quotes"]] == list(CARRIERS)
    assert reply["data"]["missing"] == []
    # By price alone and by promise alone others might win: 600 + 2 days beats 1170 + 1 day.
    assert reply["data"]["best"] == {
        "carrier": "tern-post",
        "quote_id": reply["data"]["best"]["quote_id"],
        "price": 600,
        "currency": "EUR",
        "promised_days": 2,
    }
    integration_events = driver.heard("QuotesGathered", order_id)
    assert [integration_event.data["best"] for integration_event in integration_events] == [
        reply["data"]["best"]
    ]
    assert integration_events[0].correlation_id == asked.correlation_id


def test_a_parcel_too_heavy_for_a_carrier_is_not_offered_to_it(driver: ShippingDriver) -> None:
    reply = driver.ask(gather_quotes(str(uuid.uuid4()), grams=TABLE_GRAMS))
    assert [quote["carrier"] for quote in reply["data"]["quotes"]] == ["heron-freight", "tern-post"]
    assert reply["data"]["missing"] == []


def test_only_carriers_that_go_to_the_country_are_asked(driver: ShippingDriver) -> None:
    to_denmark = {"country": "DK", "postcode_area": "21"}
    reply = driver.ask(gather_quotes(str(uuid.uuid4()), ship_to=to_denmark))
    assert [quote["carrier"] for quote in reply["data"]["quotes"]] == ["tern-post"]


def test_a_destination_that_no_carrier_knows_is_refused(driver: ShippingDriver) -> None:
    order_id = str(uuid.uuid4())
    nowhere = {"country": "ZZ", "postcode_area": "1"}
    reply = driver.ask(gather_quotes(order_id, ship_to=nowhere))
    assert (reply["outcome"], reply["reason"]) == ("refused", "unknown-destination")
    assert driver.heard("QuotesGathered", order_id) == []


def test_a_parcel_that_no_carrier_takes_gets_no_quotes(driver: ShippingDriver) -> None:
    reply = driver.ask(gather_quotes(str(uuid.uuid4()), grams=2_000_000))
    assert (reply["outcome"], reply["reason"]) == ("refused", "no-quotes")


def test_the_chosen_carrier_books_and_says_the_tracking_number(driver: ShippingDriver) -> None:
    order_id, best = driver.quoted()
    reply = driver.ask(book_shipment(order_id, best))
    assert reply["outcome"] == "done"
    booking = reply["data"]
    assert booking["carrier"] == best["carrier"]
    assert driver.carriers_book()[booking["carrier"], booking["shipment_id"]] == "booked"
    assert [
        integration_event.data for integration_event in driver.heard("ShipmentBooked", order_id)
    ] == [{"order_id": order_id, **booking}]


def test_a_booking_is_cancelled_with_the_carrier_too(driver: ShippingDriver) -> None:
    order_id, booking = driver.booked()
    assert driver.ask(cancel_shipment(order_id))["data"] == {"cancelled": True}
    assert driver.carriers_book()[booking["carrier"], booking["shipment_id"]] == "cancelled"
    assert len(driver.heard("ShipmentCancelled", order_id)) == 1


def test_there_is_nothing_to_cancel_where_nothing_was_booked(driver: ShippingDriver) -> None:
    order_id = str(uuid.uuid4())
    assert driver.ask(cancel_shipment(order_id))["data"] == {"cancelled": False}
    assert driver.heard("ShipmentCancelled", order_id) == []


def test_an_invented_quote_is_refused(driver: ShippingDriver) -> None:
    order_id, best = driver.quoted()
    reply = driver.ask(book_shipment(order_id, best | {"quote_id": str(uuid.uuid4())}))
    assert (reply["outcome"], reply["reason"]) == ("refused", "quote-expired")


def test_another_orders_quote_is_refused(driver: ShippingDriver) -> None:
    _, best = driver.quoted()
    reply = driver.ask(book_shipment(str(uuid.uuid4()), best))
    assert (reply["outcome"], reply["reason"]) == ("refused", "quote-expired")


class Webhook:
    """A carrier's system that calls ours."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        gateway = deployment.cloud.client("apigateway")
        self._keys = {
            key["name"].removeprefix(f"{PRODUCT}-dev-shipping-"): key["value"]
            for key in gateway.get_api_keys(includeValues=True, limit=500)["items"]
        }

    def report(self, carrier: str, body: Any, key: str | None = None) -> Answer:
        return call(
            "POST",
            self._deployment.url("shipping", f"/v1/carriers/{carrier}/tracking"),
            body=body,
            headers={"x-api-key": key if key is not None else self._keys[carrier]},
        )


@pytest.fixture(scope="module")
def webhook(deployment: Deployment) -> Webhook:
    return Webhook(deployment)


@pytest.fixture(scope="module")
def shipped(driver: ShippingDriver) -> tuple[str, dict[str, Any]]:
    return driver.booked()


def report_on(booking: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "event_id": str(uuid.uuid4()),
        "tracking_number": booking["tracking_number"],
        "status": "picked-up",
        "happened_at": HAPPENED.astimezone(timezone(timedelta(hours=1))).isoformat(),
    } | changes


def test_a_carriers_report_becomes_an_integration_event_once_however_often_it_comes(
    driver: ShippingDriver, webhook: Webhook, shipped: tuple[str, dict[str, Any]]
) -> None:
    order_id, booking = shipped
    report = report_on(booking)
    first = eventually(lambda: _accepted(webhook.report(booking["carrier"], report)))
    assert first
    assert first.json == {"event_id": report["event_id"], "accepted": True}
    repeated = [webhook.report(booking["carrier"], report) for _ in range(3)]
    assert {answer.status for answer in repeated} == {200}
    last = report_on(booking, status="delivered")
    assert webhook.report(booking["carrier"], last).status == 202
    eventually(lambda: len(driver.heard("ShipmentTracked", order_id)) >= 2)
    integration_events = driver.heard("ShipmentTracked", order_id)
    assert [integration_event.data["status"] for integration_event in integration_events] == [
        "picked-up",
        "delivered",
    ]
    assert integration_events[0].data["happened_at"] == clock.format_time(HAPPENED)
    booked = driver.heard("ShipmentBooked", order_id)[0]
    assert integration_events[0].correlation_id == booked.correlation_id


def _accepted(answer: Answer) -> Answer | None:
    return answer if answer.status == 202 else None


def test_the_same_event_id_with_another_content_is_a_conflict(
    webhook: Webhook, shipped: tuple[str, dict[str, Any]]
) -> None:
    _, booking = shipped
    report = report_on(booking)
    eventually(lambda: _accepted(webhook.report(booking["carrier"], report)))
    answer = webhook.report(booking["carrier"], report | {"status": "lost"})
    assert (answer.status, answer.json["type"].rsplit("/", 1)[1]) == (409, "event-id-reused")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"tracking_number": "NOSUCHPARCEL"}, 404),
        ({"status": "teleported"}, 400),
        ({"happened_at": "yesterday"}, 400),
        ({"happened_at": "2026-12-01T09:30:00"}, 400),
        ({"happened_at": "9999-12-31T23:59:59+23:59"}, 400),
        ({"happened_at": "1900-01-01T00:00:00Z"}, 400),
        ({"event_id": "Jane Doe, 7 Wisteria Row"}, 400),
        ({"remark": "left with the neighbour"}, 400),
    ],
)
def test_a_report_that_breaks_the_contract_is_refused_with_a_problem(
    webhook: Webhook, shipped: tuple[str, dict[str, Any]], changes: dict[str, Any], status: int
) -> None:
    _, booking = shipped
    answer = webhook.report(booking["carrier"], report_on(booking) | changes)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_carrier_cannot_report_on_another_carriers_parcel(
    webhook: Webhook, shipped: tuple[str, dict[str, Any]]
) -> None:
    _, booking = shipped
    other = next(name for name in CARRIERS if name != booking["carrier"])
    assert webhook.report(other, report_on(booking)).status == 404


def test_nobody_reports_without_a_key(
    webhook: Webhook, shipped: tuple[str, dict[str, Any]]
) -> None:
    _, booking = shipped
    answer = webhook.report(booking["carrier"], report_on(booking), key="not-a-key")
    assert answer.status == 403
