"""A provider that is slow, silent, broken or forgetful: at most one charge, and none left over."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from contracts.product import PRODUCT
from payments.adapters.circuit_breaker import FAILURES, OPEN_SECONDS, CircuitBreaker
from payments.adapters.http_provider import HttpPaymentProvider
from payments.adapters.provider_key import ProviderKey
from payments.commands import (
    AuthorizePayment,
    CapturePayment,
    RefundPayment,
    VoidPayment,
    authorize_payment,
    capture_payment,
    refund_payment,
    void_payment,
)
from payments.domain.errors import CircuitOpen, ProviderUnavailable
from payments.domain.payment import Payment, Provider, Status
from payments.ports import Authorized, Providers
from tests.support.drivers.command_driver import CommandDriver, command, verdict
from tests.support.drivers.live_configuration import changed
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.payments_driver import AUTHORIZE, PaymentsDriver

COMMANDS = {
    "authorize": "AuthorizePayment",
    "capture": "CapturePayment",
    "void": "VoidPayment",
    "refund": "RefundPayment",
}
BEFORE = {"authorize": (), "capture": ("authorize",), "void": ("authorize",)}
STATUS_AFTER = {
    "authorize": "authorized",
    "capture": "captured",
    "void": "voided",
    "refund": "refunded",
}
PATIENCE, LONGER_THAN_PATIENCE = 0.8, 1.0
"""Seconds for an answer: what the worker is told for these tests, and more."""


class Killed(BaseException):
    """The worker is gone, in the middle of what it did."""


@pytest.fixture(scope="module", autouse=True)
def impatient(deployment: Deployment) -> Iterator[None]:
    """The worker waits less than usual, so that the tests do too."""
    with changed(deployment, "payments", settings={"provider_timeout_seconds": PATIENCE}):
        yield


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


@pytest.fixture
def order() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def adapter(deployment: Deployment, payments_driver: PaymentsDriver) -> HttpPaymentProvider:
    """The worker's own way to the provider, with the deployed key."""
    key = ProviderKey(*secret_of(deployment))
    return HttpPaymentProvider(payments_driver.provider.url, key, lambda: PATIENCE)


@pytest.fixture
def providers(adapter: HttpPaymentProvider) -> Providers:
    """What a worker of the test's own speaks with: every payment here begins with the primary."""
    return {Provider.PRIMARY: adapter}


def secret_of(deployment: Deployment) -> tuple[Any, str]:
    """Secrets Manager, and the ARN of the provider's key."""
    name = f"/{PRODUCT}/dev/payments/provider-key-secret-arn"
    parameter = deployment.cloud.client("ssm").get_parameter(Name=name)["Parameter"]
    return deployment.cloud.client("secretsmanager"), parameter["Value"]


def authorization(order: str) -> AuthorizePayment:
    return AuthorizePayment(order, "customer-1", 1290, "EUR")


def data_of(operation: str) -> dict[str, Any]:
    return AUTHORIZE if operation == "authorize" else {}


def bring_before(driver: CommandDriver, operation: str, order: str) -> None:
    """Do whatever an operation needs to have been done."""
    for step in BEFORE.get(operation, ("authorize", "capture")):
        reply = driver.ask(COMMANDS[step], order, **data_of(step))
        assert verdict(reply) == ("done", None)


@pytest.mark.parametrize("operation", list(COMMANDS))
@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("lost-answer", {}),
        ("error", {"status": 500}),
        ("timeout", {"seconds": LONGER_THAN_PATIENCE}),
        ("latency", {"seconds": LONGER_THAN_PATIENCE}),
    ],
)
def test_one_fault_of_the_provider_is_not_noticed(
    payments_driver: PaymentsDriver,
    driver: CommandDriver,
    order: str,
    operation: str,
    kind: str,
    rule: dict[str, Any],
) -> None:
    bring_before(driver, operation, order)
    payments_driver.provider.add_fault(kind, reference=order, operation=operation, times=1, **rule)
    reply = driver.ask(COMMANDS[operation], order, **data_of(operation))
    assert verdict(reply) == ("done", None)
    assert payments_driver.charge(order)["status"] == STATUS_AFTER[operation]
    assert payments_driver.payment(order).status == STATUS_AFTER[operation]


def test_an_answer_later_than_the_worker_was_told_to_wait_is_asked_for_again(
    payments_driver: PaymentsDriver, driver: CommandDriver, order: str
) -> None:
    # With the usual two seconds it would have been in time.
    payments_driver.provider.add_fault(
        "latency", reference=order, seconds=LONGER_THAN_PATIENCE, times=1
    )
    before = payments_driver.provider.ledger()["requests"].get("authorize", 0)
    assert verdict(driver.ask("AuthorizePayment", order, **AUTHORIZE)) == ("done", None)
    assert payments_driver.provider.ledger()["requests"]["authorize"] == before + 2


@pytest.mark.parametrize("operation", list(COMMANDS))
def test_answers_that_are_lost_again_and_again_bring_the_command_again(
    payments_driver: PaymentsDriver, driver: CommandDriver, order: str, operation: str
) -> None:
    bring_before(driver, operation, order)
    payments_driver.provider.add_fault("lost-answer", reference=order, operation=operation, times=3)
    reply = driver.ask(COMMANDS[operation], order, **data_of(operation))
    assert verdict(reply) == ("done", None)
    assert payments_driver.charge(order)["status"] == STATUS_AFTER[operation]


@pytest.mark.parametrize("undo", ["void", "refund"])
def test_an_authorization_that_nobody_heard_of_is_undone(
    payments_driver: PaymentsDriver,
    driver: CommandDriver,
    providers: Providers,
    order: str,
    undo: str,
) -> None:
    payments_driver.provider.add_fault(
        "lost-answer", reference=order, operation="authorize", times=2
    )
    with pytest.raises(ProviderUnavailable):
        authorize_payment(payments_driver.payments, providers, authorization(order))
    assert payments_driver.charge(order)["status"] == "authorized"
    assert verdict(driver.ask(COMMANDS[undo], order)) == ("done", None)
    assert payments_driver.charge(order)["status"] == "voided"
    reply = driver.ask("AuthorizePayment", order, **AUTHORIZE)
    assert verdict(reply) == ("refused", "voided-before")


@pytest.mark.parametrize("undo", ["void", "refund"])
def test_an_undo_before_its_do_charges_nobody(
    payments_driver: PaymentsDriver, driver: CommandDriver, order: str, undo: str
) -> None:
    assert verdict(driver.ask(COMMANDS[undo], order)) == ("done", None)
    reply = driver.ask("AuthorizePayment", order, **AUTHORIZE)
    assert verdict(reply) == ("refused", "voided-before")
    assert payments_driver.provider.charges(order) == []


def test_a_decline_is_a_refusal_and_stays_one(
    payments_driver: PaymentsDriver, driver: CommandDriver, order: str
) -> None:
    payments_driver.provider.add_fault("decline", reference=order, times=1)
    for _ in range(2):
        reply = driver.ask("AuthorizePayment", order, **AUTHORIZE)
        assert verdict(reply) == ("refused", "payment-declined")
    assert payments_driver.provider.charges(order) == []


def test_an_authorization_that_expired_is_recorded_and_not_captured(
    payments_driver: PaymentsDriver, driver: CommandDriver, order: str
) -> None:
    payments_driver.provider.add_fault("short-lived", reference=order, seconds=0)
    driver.ask("AuthorizePayment", order, **AUTHORIZE)
    assert verdict(driver.ask("CapturePayment", order)) == ("refused", "authorization-expired")
    assert payments_driver.payment(order).status is Status.EXPIRED
    assert payments_driver.charge(order)["captured"] == 0


def test_every_message_three_times_and_shuffled_charges_once(
    payments_driver: PaymentsDriver, driver: CommandDriver
) -> None:
    orders = [str(uuid.uuid4()) for _ in range(4)]
    messages = [command("AuthorizePayment", order, **AUTHORIZE) for order in orders]
    messages += [command("CapturePayment", order) for order in orders]
    messages += [command("RefundPayment", order) for order in orders]
    thrice = messages * 3
    random.Random(5).shuffle(thrice)
    for message in thrice:
        driver.send(message)
    for message in messages:
        driver.await_replies(message, 3)
    for order in orders:
        charges = payments_driver.provider.charges(order)
        assert len(charges) <= 1
        assert {it["status"] for it in charges} <= {"voided", "refunded"}
        assert_balanced(payments_driver.payment(order))


def assert_balanced(payment: Payment) -> None:
    """authorized = captured + voided + expired, for a payment that has ended."""
    authorized = payment.amount if payment.authorization_id else 0
    expired = payment.amount if payment.status is Status.EXPIRED else 0
    assert authorized == payment.captured + payment.voided + expired


class DeadlyPayments:
    """The deployed table; the worker dies before or after it has written a state."""

    def __init__(self, payments_driver: PaymentsDriver, status: Status, *, after: bool) -> None:
        self._payments = payments_driver.payments
        self._status = status
        self._after = after

    def find(self, order_id: str) -> Payment | None:
        return self._payments.find(order_id)

    def save(self, payment: Payment) -> bool:
        if payment.status is not self._status:
            return self._payments.save(payment)
        if self._after:
            assert self._payments.save(payment)
        raise Killed


@pytest.mark.parametrize("operation", list(COMMANDS))
@pytest.mark.parametrize("after", [False, True], ids=["before-it-wrote", "after-it-wrote"])
def test_a_worker_killed_after_the_provider_did_it_charges_once(
    payments_driver: PaymentsDriver,
    driver: CommandDriver,
    providers: Providers,
    order: str,
    operation: str,
    after: bool,
) -> None:
    bring_before(driver, operation, order)
    dying = DeadlyPayments(payments_driver, Status(STATUS_AFTER[operation]), after=after)
    carry_out: dict[str, Callable[[], object]] = {
        "authorize": lambda: authorize_payment(dying, providers, authorization(order)),
        "capture": lambda: capture_payment(dying, providers, CapturePayment(order)),
        "void": lambda: void_payment(dying, providers, VoidPayment(order)),
        "refund": lambda: refund_payment(dying, providers, RefundPayment(order)),
    }
    with pytest.raises(Killed):
        carry_out[operation]()
    assert payments_driver.charge(order)["status"] == STATUS_AFTER[operation]
    reply = driver.ask(COMMANDS[operation], order, **data_of(operation))
    assert verdict(reply) == ("done", None)
    assert payments_driver.charge(order)["status"] == STATUS_AFTER[operation]


def test_the_circuit_opens_leaves_the_provider_alone_and_closes_again(
    payments_driver: PaymentsDriver, adapter: HttpPaymentProvider, order: str
) -> None:
    now = [0.0]
    circuit = CircuitBreaker(adapter, Provider.PRIMARY, lambda: now[0])
    payments_driver.provider.add_fault("error", reference=order)

    def requests() -> int:
        return int(payments_driver.provider.ledger()["requests"].get("authorize", 0))

    for _ in range(FAILURES):
        with pytest.raises(ProviderUnavailable):
            circuit.authorize(order, "customer-1", 1290, "EUR")
    asked = requests()
    with pytest.raises(CircuitOpen):
        circuit.authorize(order, "customer-1", 1290, "EUR")
    assert requests() == asked
    payments_driver.provider.clear_faults()
    now[0] += OPEN_SECONDS
    assert isinstance(circuit.authorize(order, "customer-1", 1290, "EUR"), Authorized)
    assert requests() == asked + 1


def test_a_replaced_key_is_followed_and_nothing_is_refused_meanwhile(
    deployment: Deployment, payments_driver: PaymentsDriver, driver: CommandDriver, order: str
) -> None:
    secrets, arn = secret_of(deployment)
    old_value = secrets.get_secret_value(SecretId=arn)["SecretString"]
    driver.ask("VoidPayment", str(uuid.uuid4()))  # a worker is warm
    whichever_a_worker_has = payments_driver.provider.keys()
    for key_id in whichever_a_worker_has:
        payments_driver.provider.revoke_key(key_id)
    message = command("AuthorizePayment", order, **AUTHORIZE)
    before = backlog(deployment, driver)
    try:
        driver.send(message)
        eventually(lambda: payments_driver.payments.find(order))
        assert payments_driver.payment(order).status is Status.AUTHORIZING
        eventually(lambda: backlog(deployment, driver) > before)
        assert driver.replies(message) == []
        new = payments_driver.provider.issue_key()
        secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({"api_key": new["key"]}))
        assert verdict(driver.await_replies(message)[0]) == ("done", None)
    finally:
        payments_driver.provider.issue_key(json.loads(old_value)["api_key"])
        secrets.put_secret_value(SecretId=arn, SecretString=old_value)
    assert payments_driver.charge(order)["status"] == "authorized"


def backlog(deployment: Deployment, driver: CommandDriver) -> int:
    """Commands that wait for payments, those that wait to come again included."""
    attributes = deployment.cloud.client("sqs").get_queue_attributes(
        QueueUrl=driver.queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return sum(int(number) for number in attributes.values())


@contextmanager
def stopped(deployment: Deployment) -> Iterator[None]:
    """Payments' worker takes nothing from its queue."""
    functions = deployment.cloud.client("lambda")
    worker = deployment.named("payments", "functions", "QueuedCommands")
    (mapping,) = functions.list_event_source_mappings(FunctionName=worker)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def test_a_backlog_grows_while_payments_is_down_and_drains_when_it_is_back(
    deployment: Deployment, payments_driver: PaymentsDriver, driver: CommandDriver
) -> None:
    messages = [command("AuthorizePayment", str(uuid.uuid4()), **AUTHORIZE) for _ in range(12)]
    with stopped(deployment):
        for message in messages:
            driver.send(message)
        assert backlog(deployment, driver) == len(messages)
        assert all(payments_driver.provider.charges(it.aggregate_id) == [] for it in messages)
    for message in messages:
        assert verdict(driver.await_replies(message)[0]) == ("done", None)
        assert payments_driver.charge(message.aggregate_id)["status"] == "authorized"
    eventually(lambda: backlog(deployment, driver) == 0)


def test_an_outage_of_the_provider_delays_payments_and_refuses_none(
    payments_driver: PaymentsDriver, driver: CommandDriver
) -> None:
    payments_driver.provider.add_fault("error", status=503)
    messages = [command("AuthorizePayment", str(uuid.uuid4()), **AUTHORIZE) for _ in range(8)]
    for message in messages:
        driver.send(message)
    eventually(
        lambda: payments_driver.provider.ledger()["requests"].get("authorize", 0) >= FAILURES
    )
    assert all(driver.replies(message) == [] for message in messages)
    payments_driver.provider.clear_faults()
    for message in messages:
        assert verdict(driver.await_replies(message)[0]) == ("done", None)
        assert payments_driver.charge(message.aggregate_id)["status"] == "authorized"
