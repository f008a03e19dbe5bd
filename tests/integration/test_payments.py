"""Payments as deployed: table and provider keep their contracts, every command is answered."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from payments.adapters.http_provider import HttpPaymentProvider
from payments.adapters.provider_key import ProviderKey
from payments.domain.errors import KeyRefused, ProviderBroken, ProviderUnavailable
from payments.ports import AuthorizationStatus, Authorized, Declined
from tests.support.contracts.payments_contract import PaymentsContract
from tests.support.contracts.provider_contract import ProviderContract
from tests.support.drivers.command_driver import CommandDriver, verdict
from tests.support.drivers.offline import Deployment, call, eventually
from tests.support.drivers.payments_driver import AUTHORIZE, MONEY, PaymentsDriver
from tests.support.fakes.fake_secrets_manager import ARN, FakeSecretsManager
from tools.base import processes
from tools.base.workspace import Workspace
from tools.emulator.payment_provider import PaymentProvider
from tools.emulator.payment_provider.process import PaymentProviderError


def patience() -> float:
    """Seconds for an answer."""
    return 2.0


@pytest.fixture(scope="module")
def payments_driver(deployment: Deployment) -> PaymentsDriver:
    return PaymentsDriver(deployment)


@pytest.fixture(scope="module")
def driver(deployment: Deployment) -> CommandDriver:
    return CommandDriver(deployment, "payments")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaymentProvider]:
    """A provider without any deployment, which knows the key of the fake secret."""
    provider = PaymentProvider(Workspace(tmp_path_factory.mktemp("provider")))
    provider.start(until_gone=os.getpid())
    provider.issue_key("first")
    yield provider
    provider.stop()


def holding(key: str) -> str:
    """A secret with that key."""
    return json.dumps({"api_key": key})


@pytest.fixture
def secrets() -> FakeSecretsManager:
    return FakeSecretsManager(holding("first"))


@pytest.fixture
def provider(bare: PaymentProvider, secrets: FakeSecretsManager) -> HttpPaymentProvider:
    """The adapter, as the worker makes it."""
    bare.clear_faults()
    return HttpPaymentProvider(bare.url, ProviderKey(secrets, ARN), patience)


@pytest.fixture
def order() -> str:
    return str(uuid.uuid4())


class TestDynamoDbPayments(PaymentsContract):
    @pytest.fixture
    def payments(self, payments_driver: PaymentsDriver) -> object:
        return payments_driver.payments


class TestHttpProvider(ProviderContract):
    """The contract, over HTTP."""


def test_a_decline_says_why(
    bare: PaymentProvider, provider: HttpPaymentProvider, order: str
) -> None:
    bare.add_fault("decline", reference=order, reason="card-expired")
    assert provider.authorize(order, "customer-1", 1290, "EUR") == Declined("card-expired")


def test_an_authorization_may_expire(
    bare: PaymentProvider, provider: HttpPaymentProvider, order: str
) -> None:
    bare.add_fault("short-lived", reference=order, seconds=0)
    held = provider.authorize(order, "customer-1", 1290, "EUR")
    assert isinstance(held, Authorized)
    assert provider.capture(order, held.authorization_id) is AuthorizationStatus.EXPIRED


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_provider_in_trouble_is_asked_twice_and_then_unavailable(
    bare: PaymentProvider, provider: HttpPaymentProvider, order: str, status: int
) -> None:
    bare.add_fault("error", reference=order, status=status, times=2)
    before = bare.ledger()["requests"].get("authorize", 0)
    with pytest.raises(ProviderUnavailable, match=f"authorize: status {status}"):
        provider.authorize(order, "customer-1", 1290, "EUR")
    assert bare.ledger()["requests"]["authorize"] == before + 2
    assert bare.charges(order) == []


def test_an_answer_outside_the_contract_is_no_refusal(
    bare: PaymentProvider, provider: HttpPaymentProvider, order: str
) -> None:
    bare.add_fault("error", reference=order, status=418)
    with pytest.raises(ProviderBroken, match="418"):
        provider.authorize(order, "customer-1", 1290, "EUR")


def test_a_provider_that_is_not_there_is_unavailable(
    secrets: FakeSecretsManager, order: str
) -> None:
    nobody = HttpPaymentProvider("http://127.0.0.1:9", ProviderKey(secrets, ARN), patience)
    with pytest.raises(ProviderUnavailable, match="NewConnectionError"):
        nobody.authorize(order, "customer-1", 1290, "EUR")


def test_one_idempotency_key_is_for_one_request(
    bare: PaymentProvider, provider: HttpPaymentProvider, order: str
) -> None:
    provider.authorize(order, "customer-1", 1290, "EUR")
    with pytest.raises(ProviderBroken, match="422"):
        provider.authorize(order, "customer-1", 9999, "EUR")
    assert len(bare.charges(order)) == 1


def test_a_rotated_key_is_followed_without_a_failed_call(
    bare: PaymentProvider,
    provider: HttpPaymentProvider,
    secrets: FakeSecretsManager,
    order: str,
) -> None:
    provider.authorize(order, "customer-1", 1290, "EUR")
    old = bare.issue_key("first")
    secrets.put(holding(bare.issue_key()["key"]))
    bare.revoke_key(old["id"])
    try:
        assert isinstance(provider.authorize(order, "customer-1", 1290, "EUR"), Authorized)
    finally:
        bare.issue_key("first")


def test_whoever_has_a_key_may_make_another_and_revoke_it(bare: PaymentProvider) -> None:
    mine = {"Authorization": "Bearer first"}
    once = {**mine, "Idempotency-Key": str(uuid.uuid4())}
    made = call("POST", f"{bare.url}/v1/keys", body={}, headers=once)
    assert made.status == 201
    assert call("POST", f"{bare.url}/v1/keys", body={}, headers=once).json == made.json
    theirs = {"Authorization": f"Bearer {made.json['key']}"}
    listed = call("GET", f"{bare.url}/v1/keys", headers=theirs).json
    assert listed["current"] == made.json["id"]
    assert {key["id"] for key in listed["keys"]} == set(bare.keys())
    gone = call("DELETE", f"{bare.url}/v1/keys/{made.json['id']}", headers=mine)
    assert gone.status == 200
    assert call("GET", f"{bare.url}/v1/keys", headers=theirs).status == 401
    assert call("POST", f"{bare.url}/v1/keys", body={}).status == 401


def test_a_key_that_nobody_knows_is_no_refusal_of_the_payment(
    provider: HttpPaymentProvider, secrets: FakeSecretsManager, order: str
) -> None:
    secrets.put(holding("nobody's"))
    with pytest.raises(KeyRefused):
        provider.authorize(order, "customer-1", 1290, "EUR")
    assert secrets.reads == 2  # it looked once more


def test_the_provider_keeps_its_ledger_when_it_is_asked_to(tmp_path: Path, order: str) -> None:
    provider = PaymentProvider(Workspace(tmp_path))
    provider.start(until_gone=os.getpid(), persistence=True)
    provider.issue_key("first")
    key = ProviderKey(FakeSecretsManager(holding("first")), ARN)
    url = provider.url
    try:
        held = HttpPaymentProvider(url, key, patience).authorize(order, "customer-1", 1290, "EUR")
        provider.stop()
        provider.start(until_gone=os.getpid(), persistence=True)
        assert provider.url == url
        assert (
            HttpPaymentProvider(url, key, patience).authorize(order, "customer-1", 1290, "EUR")
            == held
        )
    finally:
        provider.stop()
    assert processes.of_workspace(tmp_path, None) == []


def test_a_fault_that_there_is_not_is_refused(bare: PaymentProvider) -> None:
    with pytest.raises(PaymentProviderError, match="kind must be one of"):
        bare.add_fault("earthquake")
    with pytest.raises(PaymentProviderError, match="no magnitude"):
        bare.add_fault("latency", magnitude=7)


def test_a_payment_is_authorized_captured_and_refunded(
    payments_driver: PaymentsDriver, driver: CommandDriver, order: str
) -> None:
    reply = driver.ask("AuthorizePayment", order, **AUTHORIZE)
    assert verdict(reply) == ("done", None)
    assert reply["data"] == {"authorization_id": payments_driver.charge(order)["id"], **MONEY}
    assert driver.ask("CapturePayment", order)["data"] == MONEY
    assert payments_driver.charge(order)["captured"] == 1290
    assert verdict(driver.ask("VoidPayment", order)) == ("refused", "already-captured")
    assert driver.ask("RefundPayment", order)["data"] == {"refunded": 1290}
    assert payments_driver.charge(order)["refunded"] == 1290
    assert [it.type for it in driver.integration_events(order)] == [
        "PaymentAuthorized",
        "PaymentCaptured",
        "PaymentRefunded",
    ]


def test_a_declined_payment_is_a_refusal(
    payments_driver: PaymentsDriver, driver: CommandDriver, order: str
) -> None:
    payments_driver.provider.add_fault("decline", reference=order)
    reply = driver.ask("AuthorizePayment", order, **AUTHORIZE)
    assert verdict(reply) == ("refused", "payment-declined")
    assert payments_driver.provider.charges(order) == []


def test_a_provider_ends_with_its_emulator(tmp_path: Path) -> None:
    provider = PaymentProvider(Workspace(tmp_path))
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as emulator:
        provider.start(until_gone=emulator.pid)
        assert provider.is_running()
    eventually(lambda: not processes.of_workspace(tmp_path, None))
    provider.stop()
