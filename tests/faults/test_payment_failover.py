"""Failover flipped while payments are under way: each is charged once, where it began."""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from collections.abc import Iterator

import pytest

from payments.domain.payment import Provider, Status
from tests.support.drivers.command_driver import CommandDriver, command, verdict
from tests.support.drivers.live_configuration import changed, process_ids
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.payments_driver import AUTHORIZE, PaymentsDriver
from tests.support.drivers.shop import Shop

ON = {"enabled": True}


@pytest.fixture(scope="module")
def payments_driver(deployment: Deployment) -> PaymentsDriver:
    return PaymentsDriver(deployment)


@pytest.fixture(scope="module")
def driver(deployment: Deployment) -> CommandDriver:
    return CommandDriver(deployment, "payments")


@pytest.fixture(autouse=True)
def faultless(payments_driver: PaymentsDriver) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    payments_driver.provider.clear_faults()
    payments_driver.backup.clear_faults()


def new_orders(count: int) -> list[str]:
    return [str(uuid.uuid4()) for _ in range(count)]


def test_failover_reaches_a_running_worker_and_is_taken_back(
    deployment: Deployment, payments_driver: PaymentsDriver, driver: CommandDriver
) -> None:
    before, during, after = new_orders(3)
    driver.ask("AuthorizePayment", before, **AUTHORIZE)
    processes = process_ids(deployment, "payments", "QueuedCommands")
    with changed(deployment, "payments", payment_failover=ON):
        assert verdict(driver.ask("AuthorizePayment", during, **AUTHORIZE)) == ("done", None)
    driver.ask("AuthorizePayment", after, **AUTHORIZE)
    began = [payments_driver.payment(order).provider for order in (before, during, after)]
    assert began == [Provider.PRIMARY, Provider.BACKUP, Provider.PRIMARY]
    assert [it["reference"] for it in payments_driver.backup.charges(during)] == [during]
    assert process_ids(deployment, "payments", "QueuedCommands") <= processes  # no new one


def test_what_began_with_one_provider_ends_with_it_whatever_is_flipped_or_lost(
    deployment: Deployment, payments_driver: PaymentsDriver, driver: CommandDriver
) -> None:
    held, unheard, late = new_orders(3)
    driver.ask("AuthorizePayment", held, **AUTHORIZE)
    # The primary holds the money of `unheard` and nobody hears of it: then it is down.
    payments_driver.provider.add_fault(
        "lost-answer", reference=unheard, operation="authorize", times=1
    )
    payments_driver.provider.add_fault("error", reference=unheard, status=503)
    asked = command("AuthorizePayment", unheard, **AUTHORIZE)
    driver.send(asked)
    eventually(
        lambda: payments_driver.payments.find(unheard) and payments_driver.provider.charges(unheard)
    )
    with changed(deployment, "payments", payment_failover=ON):
        assert verdict(driver.ask("AuthorizePayment", late, **AUTHORIZE)) == ("done", None)
        driver.send(asked)  # once more
        assert verdict(driver.ask("CapturePayment", held)) == ("done", None)
        assert payments_driver.payment(unheard).status is Status.AUTHORIZING
        payments_driver.provider.clear_faults()
        assert verdict(driver.await_replies(asked)[0]) == ("done", None)
        assert verdict(driver.ask("VoidPayment", unheard)) == ("done", None)
    for order in (held, late):
        assert verdict(driver.ask("RefundPayment", order)) == ("done", None)
    providers = {order: payments_driver.payment(order).provider for order in (held, unheard, late)}
    assert providers == {
        held: Provider.PRIMARY,
        unheard: Provider.PRIMARY,
        late: Provider.BACKUP,
    }
    statuses = [payments_driver.charge(order)["status"] for order in (held, unheard, late)]
    assert statuses == ["refunded", "voided", "voided"]


def test_every_message_three_times_while_failover_is_flipped_charges_each_order_once(
    deployment: Deployment, payments_driver: PaymentsDriver, driver: CommandDriver
) -> None:
    orders = new_orders(9)
    messages = [command("AuthorizePayment", order, **AUTHORIZE) for order in orders]
    for provider in (payments_driver.provider, payments_driver.backup):
        provider.add_fault("lost-answer", operation="authorize", times=3)

    def send_all() -> None:
        for message in messages:
            driver.send(message)

    send_all()
    with changed(deployment, "payments", payment_failover=ON):
        later = [command("AuthorizePayment", order, **AUTHORIZE) for order in new_orders(3)]
        messages += later
        send_all()
        for message in later:  # what is done after it is flipped back goes to the primary
            driver.await_replies(message)
    send_all()
    for message in messages:
        assert verdict(driver.await_replies(message, 2)[0]) == ("done", None)
    for message in messages:
        charge = payments_driver.charge(message.aggregate_id)
        payment = payments_driver.payment(message.aggregate_id)
        assert (charge["id"], charge["status"]) == (payment.authorization_id, "authorized")
    at_backup = [it for it in later if payments_driver.backup.charges(it.aggregate_id)]
    assert at_backup == later


def test_orders_under_way_while_failover_is_flipped_are_confirmed_and_charged_once(
    deployment: Deployment, payments_driver: PaymentsDriver, shop: Shop
) -> None:
    before = [shop.place() for _ in range(4)]
    with changed(deployment, "payments", payment_failover=ON):
        during = [shop.place() for _ in range(4)]
        shop.wait_until_over(during)
    after = [shop.place() for _ in range(2)]
    orders = [*before, *during, *after]
    shop.wait_until_over(orders)
    report = shop.report(orders)
    assert report.holds, report.violations
    assert report.orders == {"confirmed": len(orders)}
    assert {payments_driver.charge(order)["status"] for order in orders} == {"captured"}
    assert all(payments_driver.backup.charges(order) for order in during)
    assert not any(payments_driver.backup.charges(order) for order in after)


def test_a_patience_without_sense_is_refused_by_the_validator(deployment: Deployment) -> None:
    document = b'{"provider_timeout_seconds": 30}'
    answer = deployment.cloud.client("lambda").invoke(
        FunctionName=deployment.named("payments", "functions", "ValidateConfiguration"),
        Payload=json.dumps({"content": b64encode(document).decode()}),
    )
    assert answer["FunctionError"]
    assert "/provider_timeout_seconds" in json.loads(answer["Payload"].read())["errorMessage"]
