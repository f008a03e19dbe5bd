"""The payment commands from the queue: done or refused, always answered, never a false refusal."""

import uuid
from typing import Any

import pytest

from payments.adapters.circuit_breaker import FAILURES, CircuitBreaker
from payments.domain.payment import Provider
from payments.handlers.queued_commands import commands_on
from shared.messaging.bus import Bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, encode
from shared.messaging.queue_worker import QueueWorker
from shared.messaging.retries import Retries
from tests.support.fakes.fake_bus import FakeEventBridge
from tests.support.fakes.fake_provider import EXPIRES_AT, FakeProvider
from tests.support.fakes.fake_queue import FakeQueue, delivered
from tests.support.fakes.in_memory_payments import InMemoryPayments

ATTEMPTS = 30
MONEY: dict[str, Any] = {"amount": 1290, "currency": "EUR"}
AUTHORIZE: dict[str, Any] = {"customer_id": "customer-1", **MONEY}


class Worker:
    """The function on payments' queue, with everything around it in memory."""

    def __init__(self) -> None:
        self.provider, self.bus, self.parked = FakeProvider(), FakeEventBridge(), FakeQueue()
        self.backup = FakeProvider()
        self.for_new_payments = Provider.PRIMARY
        providers = {
            Provider.PRIMARY: CircuitBreaker(self.provider, Provider.PRIMARY),
            Provider.BACKUP: CircuitBreaker(self.backup, Provider.BACKUP),
        }
        self.queue = FakeQueue()
        self._worker = QueueWorker(
            commands_on(InMemoryPayments(), providers, lambda: self.for_new_payments),
            Bus(self.bus, "bus", "payments"),
            DeadLetters(self.parked, "dead-letters"),
            Retries(self.queue, "url", ATTEMPTS),
        )

    def receive(self, kind: str, order: str, failures: int = 0, **data: Any) -> list[Envelope]:
        """What is put on the bus because of one command; nothing if it comes again."""
        before = len(self.bus.messages)
        command = Envelope(
            event_id=str(uuid.uuid5(uuid.UUID(order), kind)),
            type=kind,
            schema_version=1,
            aggregate_type="order",
            aggregate_id=order,
            version=None,
            occurred_at="2026-12-01T12:00:00.000Z",
            correlation_id="00000000-0000-4000-8000-00000000000c",
            causation_id=None,
            traceparent="00-1",
            data={"order_id": order, **data},
        )
        sent_again = len(self.queue.sent)
        record = delivered(encode(command).decode(), failures=failures)
        assert self._worker.handle({"Records": [record]}) == {"batchItemFailures": []}
        messages = self.bus.messages[before:]
        assert (len(self.queue.sent) > sent_again) == (not messages)
        return messages


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def order() -> str:
    return str(uuid.uuid4())


def said(messages: list[Envelope]) -> tuple[list[str], str, str | None, dict[str, Any]]:
    """The types of the integration events, and the reply."""
    *integration_events, reply = messages
    return (
        [it.type for it in integration_events],
        reply.data["outcome"],
        reply.data["reason"],
        reply.data["data"],
    )


def test_an_authorization_is_answered_with_its_id(worker: Worker, order: str) -> None:
    messages = worker.receive("AuthorizePayment", order, **AUTHORIZE)
    data = {"authorization_id": "auth-1", **MONEY}
    assert said(messages) == (["PaymentAuthorized"], "done", None, data)
    assert messages[0].data == {"order_id": order, **MONEY, "expires_at": EXPIRES_AT}


def test_a_decline_is_a_refusal_without_the_providers_words(worker: Worker, order: str) -> None:
    worker.provider.declines = True
    messages = worker.receive("AuthorizePayment", order, **AUTHORIZE)
    assert said(messages) == (["PaymentDeclined"], "refused", "payment-declined", {})
    assert "insufficient" not in str(messages)


def test_the_way_to_a_refund_is_answered_step_by_step(worker: Worker, order: str) -> None:
    worker.receive("AuthorizePayment", order, **AUTHORIZE)
    assert said(worker.receive("CapturePayment", order)) == (
        ["PaymentCaptured"],
        "done",
        None,
        MONEY,
    )
    assert said(worker.receive("VoidPayment", order)) == ([], "refused", "already-captured", {})
    assert said(worker.receive("RefundPayment", order)) == (
        ["PaymentRefunded"],
        "done",
        None,
        {"refunded": 1290},
    )
    assert said(worker.receive("CapturePayment", order)) == ([], "refused", "not-authorized", {})


def test_a_void_says_whether_there_was_something_to_void(worker: Worker, order: str) -> None:
    assert said(worker.receive("VoidPayment", order)) == ([], "done", None, {"voided": False})
    assert said(worker.receive("AuthorizePayment", order, **AUTHORIZE)) == (
        [],
        "refused",
        "voided-before",
        {},
    )
    other = str(uuid.uuid4())
    worker.receive("AuthorizePayment", other, **AUTHORIZE)
    assert said(worker.receive("VoidPayment", other)) == (
        ["PaymentVoided"],
        "done",
        None,
        {"voided": True},
    )


def test_an_expired_authorization_is_a_refusal_of_its_own(worker: Worker, order: str) -> None:
    worker.receive("AuthorizePayment", order, **AUTHORIZE)
    worker.provider.expire_all()
    assert said(worker.receive("CapturePayment", order)) == (
        [],
        "refused",
        "authorization-expired",
        {},
    )


def test_a_repetition_says_the_same_with_the_same_ids(worker: Worker, order: str) -> None:
    first = worker.receive("AuthorizePayment", order, **AUTHORIZE)
    again = worker.receive("AuthorizePayment", order, **AUTHORIZE)
    assert [(it.event_id, it.data) for it in first] == [(it.event_id, it.data) for it in again]
    assert worker.provider.calls == ["authorize"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"amount": -5},
        {"amount": 12.9},
        {"amount": "1290"},
        {"currency": "euro"},
        {"customer_id": ""},
        {"order_id": "1"},
    ],
)
def test_a_command_that_makes_no_sense_asks_nobody_for_money(
    worker: Worker, order: str, wrong: dict[str, Any]
) -> None:
    messages = worker.receive("AuthorizePayment", order, **(AUTHORIZE | wrong))
    assert said(messages)[1:3] == ("refused", "invalid-command")
    assert worker.provider.calls == []


def test_a_provider_that_does_not_answer_is_never_a_refusal(worker: Worker, order: str) -> None:
    worker.provider.fails = 2 * FAILURES
    for failures in range(2 * FAILURES - 1):
        assert worker.receive("AuthorizePayment", order, failures, **AUTHORIZE) == []
    assert len(worker.provider.calls) == FAILURES  # then the circuit was open


def test_an_open_circuit_of_one_provider_holds_up_no_payment_with_the_other(
    worker: Worker, order: str
) -> None:
    worker.provider.fails = FAILURES
    for failures in range(FAILURES):
        assert worker.receive("AuthorizePayment", order, failures, **AUTHORIZE) == []
    worker.for_new_payments = Provider.BACKUP
    messages = worker.receive("AuthorizePayment", str(uuid.uuid4()), **AUTHORIZE)
    assert said(messages)[:2] == (["PaymentAuthorized"], "done")
    # The one begun before waits for its own provider: it may hold the money already.
    assert worker.receive("AuthorizePayment", order, FAILURES + 1, **AUTHORIZE) == []
    assert len(worker.backup.calls) == 1


def test_after_the_last_attempt_the_reply_is_failed_and_the_message_is_kept(
    worker: Worker, order: str
) -> None:
    worker.provider.loses = 1
    (reply,) = worker.receive("AuthorizePayment", order, ATTEMPTS - 1, **AUTHORIZE)
    assert (reply.data["outcome"], reply.data["reason"]) == ("failed", "gave-up")
    assert len(worker.parked.sent) == 1
