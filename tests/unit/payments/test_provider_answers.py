"""Every answer that a provider could give to every request: believed if it can be so, else not."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

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
from payments.domain.errors import ProviderBroken
from payments.domain.payment import MAY_FOLLOW, Payment, Provider, Status
from payments.ports import AuthorizationStatus
from tests.support.fakes.fake_provider import FakeProvider
from tests.support.fakes.in_memory_payments import InMemoryPayments
from tests.unit.payments.test_queued_commands import ATTEMPTS, AUTHORIZE, MONEY, Worker, said

ORDER = "7b1b2cb1-9a43-5f4e-8f0a-1d1f3a0f3f11"
AUTHORIZED, CAPTURED = ["authorize"], ["authorize", "capture"]
EVERY_PAIR = set(itertools.product(("capture", "void", "refund"), AuthorizationStatus))
BELIEVED = {
    # What was asked for.
    ("capture", AuthorizationStatus.CAPTURED),
    ("void", AuthorizationStatus.VOIDED),
    ("refund", AuthorizationStatus.REFUNDED),
    # It came too late: somebody or something else was faster.
    ("capture", AuthorizationStatus.VOIDED),
    ("capture", AuthorizationStatus.EXPIRED),
    ("capture", AuthorizationStatus.REFUNDED),
    ("void", AuthorizationStatus.CAPTURED),
    ("void", AuthorizationStatus.EXPIRED),
    ("void", AuthorizationStatus.REFUNDED),
}


class PaymentsDriver:
    """One payment, and the four commands on it."""

    def __init__(self) -> None:
        self.payments, self.provider = InMemoryPayments(), FakeProvider()
        self._providers = {Provider.PRIMARY: self.provider}

    def do(self, operation: str) -> Payment | None:
        if operation == "authorize":
            begun = AuthorizePayment(ORDER, "customer-1", 1290, "EUR")
            return authorize_payment(self.payments, self._providers, begun)
        carry_out: Any
        carry_out, command = {
            "capture": (capture_payment, CapturePayment),
            "void": (void_payment, VoidPayment),
            "refund": (refund_payment, RefundPayment),
        }[operation]
        payment: Payment | None = carry_out(self.payments, self._providers, command(ORDER))
        return payment

    @property
    def kept(self) -> Payment:
        return self.payments.kept[ORDER]


def asked(operation: str, answer: AuthorizationStatus) -> PaymentsDriver:
    """A payment that is as far as the operation needs, and a provider that will answer so."""
    payments_driver = PaymentsDriver()
    for step in CAPTURED if operation == "refund" else AUTHORIZED:
        payments_driver.do(step)
    payments_driver.provider.says = {operation: answer}
    payments_driver.provider.calls.clear()
    return payments_driver


@pytest.mark.parametrize(("operation", "answer"), sorted(BELIEVED))
def test_an_answer_that_can_be_so_is_what_is_known_from_then_on(
    operation: str, answer: AuthorizationStatus
) -> None:
    payments_driver = asked(operation, answer)
    payment = payments_driver.do(operation)
    assert payment == payments_driver.kept
    assert payments_driver.kept.status.value == answer.value
    assert payments_driver.provider.calls == [operation]
    authorized = payments_driver.kept.amount if answer is not AuthorizationStatus.EXPIRED else 0
    assert payments_driver.kept.captured + payments_driver.kept.voided == authorized


@pytest.mark.parametrize(("operation", "answer"), sorted(EVERY_PAIR - BELIEVED))
def test_an_answer_that_cannot_be_so_changes_nothing_and_is_an_error(
    operation: str, answer: AuthorizationStatus
) -> None:
    payments_driver = asked(operation, answer)
    before = payments_driver.kept
    with pytest.raises(ProviderBroken) as broken:
        payments_driver.do(operation)
    assert payments_driver.kept == before
    assert payments_driver.provider.calls == [operation], (
        "asked once: the queue's next delivery asks again"
    )
    for word in (ORDER, before.status.value, answer.value):
        assert word in str(broken.value)


@pytest.mark.parametrize("answer", [AuthorizationStatus.CAPTURED, AuthorizationStatus.AUTHORIZED])
def test_a_refund_of_what_is_held_never_ends_while_money_is_held(
    answer: AuthorizationStatus,
) -> None:
    payments_driver = PaymentsDriver()
    payments_driver.do("authorize")
    payments_driver.provider.says = {"void": answer}
    if answer is AuthorizationStatus.AUTHORIZED:
        with pytest.raises(ProviderBroken):
            payments_driver.do("refund")
        assert payments_driver.kept.status is Status.AUTHORIZED
    else:
        payments_driver.provider.says["refund"] = AuthorizationStatus.REFUNDED
        payments_driver.do("refund")
        assert payments_driver.provider.calls == ["authorize", "void", "refund"]
        assert payments_driver.kept.status is Status.REFUNDED


def test_what_may_follow_is_said_of_every_state() -> None:
    assert set(MAY_FOLLOW) == set(Status)
    ends = {status for status, following in MAY_FOLLOW.items() if not following}
    assert ends == {Status.DECLINED, Status.VOIDED, Status.EXPIRED, Status.REFUNDED}
    for status in Status:
        assert not Payment(ORDER, status).may_become(status)


COMMAND = {"capture": "CapturePayment", "void": "VoidPayment", "refund": "RefundPayment"}
SAID: dict[tuple[str, AuthorizationStatus], tuple[list[str], str, str | None, dict[str, Any]]] = {
    ("capture", AuthorizationStatus.CAPTURED): (["PaymentCaptured"], "done", None, MONEY),
    ("capture", AuthorizationStatus.VOIDED): ([], "refused", "not-authorized", {}),
    ("capture", AuthorizationStatus.EXPIRED): ([], "refused", "authorization-expired", {}),
    ("capture", AuthorizationStatus.REFUNDED): ([], "refused", "not-authorized", {}),
    ("void", AuthorizationStatus.VOIDED): (["PaymentVoided"], "done", None, {"voided": True}),
    ("void", AuthorizationStatus.CAPTURED): ([], "refused", "already-captured", {}),
    ("void", AuthorizationStatus.EXPIRED): ([], "done", None, {"voided": False}),
    ("void", AuthorizationStatus.REFUNDED): ([], "done", None, {"voided": False}),
    ("refund", AuthorizationStatus.REFUNDED): (
        ["PaymentRefunded"],
        "done",
        None,
        {"refunded": 1290},
    ),
}


def at_the_worker(operation: str, answer: AuthorizationStatus) -> Worker:
    """The same at the function on the queue."""
    worker = Worker()
    worker.receive("AuthorizePayment", ORDER, **AUTHORIZE)
    if operation == "refund":
        worker.receive("CapturePayment", ORDER)
    worker.provider.says = {operation: answer}
    return worker


@pytest.mark.parametrize(("operation", "answer"), sorted(BELIEVED))
def test_what_is_believed_is_answered_and_the_same_again(
    operation: str, answer: AuthorizationStatus
) -> None:
    worker = at_the_worker(operation, answer)
    first = worker.receive(COMMAND[operation], ORDER)
    assert said(first) == SAID[operation, answer]
    again = worker.receive(COMMAND[operation], ORDER)
    assert [(it.event_id, it.data) for it in again] == [(it.event_id, it.data) for it in first]


@pytest.mark.parametrize(("operation", "answer"), sorted(EVERY_PAIR - BELIEVED))
def test_what_is_not_believed_comes_again_and_ends_as_failed_never_as_done(
    operation: str, answer: AuthorizationStatus
) -> None:
    worker = at_the_worker(operation, answer)
    assert worker.receive(COMMAND[operation], ORDER) == []
    [reply] = worker.receive(COMMAND[operation], ORDER, ATTEMPTS)
    assert (reply.data["outcome"], reply.data["reason"]) == ("failed", "gave-up")
    [parked] = worker.parked.sent
    assert "ProviderBroken" in parked["MessageAttributes"]["reason"]["StringValue"]
    worker.provider.says = {}
    worker.receive(COMMAND[operation], ORDER)
    assert (
        worker.provider.authorizations["auth-1"].value
        == {
            "capture": "captured",
            "void": "voided",
            "refund": "refunded",
        }[operation]
    )
