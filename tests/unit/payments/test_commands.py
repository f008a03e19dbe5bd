"""Authorizing, capturing, voiding and refunding: once each, whatever is lost or comes twice."""

import itertools
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from payments.domain.errors import Contended, ProviderUnavailable
from payments.domain.payment import Payment, Provider, Status
from payments.ports import AuthorizationStatus
from tests.support.fakes.fake_provider import EXPIRES_AT, FakeProvider
from tests.support.fakes.in_memory_payments import InMemoryPayments

ORDER = "order-1"


class PaymentsDriver:
    """Payments and two providers, and the four commands on one order.

    ``for_new_payments`` is who is asked for a payment of which nothing is known yet.
    """

    def __init__(self) -> None:
        self.payments, self.provider, self.backup = (
            InMemoryPayments(),
            FakeProvider(),
            FakeProvider(),
        )
        self.providers = {Provider.PRIMARY: self.provider, Provider.BACKUP: self.backup}
        self.for_new_payments = Provider.PRIMARY

    def flip(self) -> None:
        """Failover is switched on, or off again."""
        on = self.for_new_payments is Provider.BACKUP
        self.for_new_payments = Provider.PRIMARY if on else Provider.BACKUP

    def authorize(self) -> Payment:
        begun = AuthorizePayment(ORDER, "customer-1", 1290, "EUR", self.for_new_payments)
        return authorize_payment(self.payments, self.providers, begun)

    def capture(self) -> Payment | None:
        return capture_payment(self.payments, self.providers, CapturePayment(ORDER))

    def void(self) -> Payment:
        return void_payment(self.payments, self.providers, VoidPayment(ORDER))

    def refund(self) -> Payment:
        return refund_payment(self.payments, self.providers, RefundPayment(ORDER))

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        return {
            "authorize": self.authorize,
            "capture": self.capture,
            "void": self.void,
            "refund": self.refund,
        }

    @property
    def authorizations(self) -> list[AuthorizationStatus]:
        """Every authorization at any provider."""
        return [*self.provider.authorizations.values(), *self.backup.authorizations.values()]


@pytest.fixture
def payments_driver() -> PaymentsDriver:
    return PaymentsDriver()


def test_an_authorization_holds_the_amount(payments_driver: PaymentsDriver) -> None:
    payment = payments_driver.authorize()
    assert (payment.status, payment.authorization_id) == (Status.AUTHORIZED, "auth-1")
    assert payment.expires_at == EXPIRES_AT
    assert payments_driver.authorizations == [AuthorizationStatus.AUTHORIZED]


def test_a_repetition_does_not_ask_the_provider_again(payments_driver: PaymentsDriver) -> None:
    assert payments_driver.authorize() == payments_driver.authorize()
    assert payments_driver.provider.calls == ["authorize"]


def test_a_decline_is_final(payments_driver: PaymentsDriver) -> None:
    payments_driver.provider.declines = True
    assert payments_driver.authorize().status is Status.DECLINED
    payments_driver.provider.declines = False
    assert payments_driver.authorize().status is Status.DECLINED
    assert payments_driver.authorizations == []


@pytest.mark.parametrize("operation", ["authorize", "capture", "void", "refund"])
@pytest.mark.parametrize("fault", ["loses", "fails"])
def test_an_unknown_outcome_is_settled_by_asking_again(
    payments_driver: PaymentsDriver, operation: str, fault: str
) -> None:
    before = {"authorize": [], "capture": ["authorize"], "void": ["authorize"]}
    for step in before.get(operation, ["authorize", "capture"]):
        payments_driver.commands[step]()
    setattr(payments_driver.provider, fault, 1)
    with pytest.raises(ProviderUnavailable):
        payments_driver.commands[operation]()
    payments_driver.commands[operation]()
    following = {
        "authorize": AuthorizationStatus.AUTHORIZED,
        "capture": AuthorizationStatus.CAPTURED,
        "void": AuthorizationStatus.VOIDED,
        "refund": AuthorizationStatus.REFUNDED,
    }
    assert payments_driver.authorizations == [following[operation]]
    assert payments_driver.payments.kept[ORDER].status.value == following[operation].value


@pytest.mark.parametrize("undo", ["void", "refund"])
def test_an_undo_before_its_do_leaves_nothing_to_do(
    payments_driver: PaymentsDriver, undo: str
) -> None:
    payments_driver.commands[undo]()
    assert payments_driver.authorize().status is Status.VOIDED
    assert payments_driver.provider.calls == []


@pytest.mark.parametrize("undo", ["void", "refund"])
def test_an_authorization_whose_answer_was_lost_is_undone_too(
    payments_driver: PaymentsDriver, undo: str
) -> None:
    payments_driver.provider.loses = 1
    with pytest.raises(ProviderUnavailable):
        payments_driver.authorize()
    assert payments_driver.authorizations == [AuthorizationStatus.AUTHORIZED]
    payments_driver.commands[undo]()
    assert payments_driver.authorizations == [AuthorizationStatus.VOIDED]
    assert payments_driver.authorize().status is Status.VOIDED


@pytest.mark.parametrize("undo", ["void", "refund"])
def test_an_undo_while_the_authorization_is_on_its_way_undoes_it(
    payments_driver: PaymentsDriver, undo: str
) -> None:
    def begin_and_hang() -> None:
        payments_driver.payments.kept[ORDER] = Payment.begin(ORDER, "customer-1", 1290, "EUR")

    payments_driver.payments.meanwhile = begin_and_hang
    payments_driver.commands[undo]()
    assert payments_driver.authorize().status is Status.VOIDED
    assert payments_driver.authorizations == [AuthorizationStatus.VOIDED]


def test_a_capture_whose_answer_was_lost_is_not_voided(payments_driver: PaymentsDriver) -> None:
    payments_driver.authorize()
    payments_driver.provider.loses = 1
    with pytest.raises(ProviderUnavailable):
        payments_driver.capture()
    assert payments_driver.void().status is Status.CAPTURED
    assert payments_driver.authorizations == [AuthorizationStatus.CAPTURED]


def test_a_capture_whose_answer_was_lost_is_refunded(payments_driver: PaymentsDriver) -> None:
    payments_driver.authorize()
    payments_driver.provider.loses = 1
    with pytest.raises(ProviderUnavailable):
        payments_driver.capture()
    refunded = payments_driver.refund()
    assert (refunded.status, refunded.captured, refunded.refunded) == (Status.REFUNDED, 1290, 1290)
    assert payments_driver.authorizations == [AuthorizationStatus.REFUNDED]


def test_a_refund_of_what_is_only_held_lets_it_go(payments_driver: PaymentsDriver) -> None:
    payments_driver.authorize()
    undone = payments_driver.refund()
    assert (undone.status, undone.voided, undone.refunded) == (Status.VOIDED, 1290, 0)


def test_a_refund_of_a_decline_changes_nothing(payments_driver: PaymentsDriver) -> None:
    payments_driver.provider.declines = True
    payments_driver.authorize()
    assert payments_driver.refund().status is Status.DECLINED


def test_nothing_is_captured_without_an_authorization(payments_driver: PaymentsDriver) -> None:
    assert payments_driver.capture() is None
    payments_driver.void()
    captured = payments_driver.capture()
    assert captured is not None
    assert captured.status is Status.VOIDED
    assert payments_driver.provider.calls == []


@pytest.mark.parametrize("command", ["capture", "void", "refund"])
def test_an_expiry_is_recorded_when_it_is_seen(
    payments_driver: PaymentsDriver, command: str
) -> None:
    payments_driver.authorize()
    payments_driver.provider.expire_all()
    payments_driver.commands[command]()
    payment = payments_driver.payments.kept[ORDER]
    assert (payment.status, payment.captured, payment.voided) == (Status.EXPIRED, 0, 0)


def test_two_workers_with_one_command_authorize_once(payments_driver: PaymentsDriver) -> None:
    payments_driver.payments.meanwhile = payments_driver.authorize
    assert payments_driver.authorize().status is Status.AUTHORIZED
    assert payments_driver.authorizations == [AuthorizationStatus.AUTHORIZED]


def test_a_payment_that_others_keep_changing_is_given_up_for_now(
    payments_driver: PaymentsDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments_driver.payments, "save", lambda _: False)
    with pytest.raises(Contended):
        payments_driver.authorize()


@pytest.mark.parametrize(
    "steps", sorted(set(itertools.permutations(["authorize", "capture", "refund"] * 2, 6)))
)
def test_in_whatever_order_they_come_no_money_is_left_over(
    payments_driver: PaymentsDriver, steps: tuple[str, ...]
) -> None:
    for step in steps:
        payments_driver.commands[step]()
    payment = payments_driver.payments.kept[ORDER]
    authorized = payment.amount if payment.authorization_id else 0
    assert authorized == payment.captured + payment.voided
    assert payment.captured == payment.refunded
    assert set(payments_driver.authorizations) <= {
        AuthorizationStatus.VOIDED,
        AuthorizationStatus.REFUNDED,
    }
    assert len(payments_driver.authorizations) <= 1


def test_a_new_payment_goes_to_the_provider_for_new_payments(
    payments_driver: PaymentsDriver,
) -> None:
    payments_driver.flip()
    assert payments_driver.authorize().provider is Provider.BACKUP
    assert payments_driver.capture() is not None
    assert payments_driver.backup.calls == ["authorize", "capture"]
    assert payments_driver.provider.calls == []


@pytest.mark.parametrize("fault", ["loses", "fails"])
@pytest.mark.parametrize("command", ["authorize", "void", "refund"])
def test_a_payment_whose_outcome_is_unknown_stays_with_its_provider(
    payments_driver: PaymentsDriver, fault: str, command: str
) -> None:
    setattr(payments_driver.provider, fault, 1)
    with pytest.raises(ProviderUnavailable):
        payments_driver.authorize()
    payments_driver.flip()
    payments_driver.commands[command]()
    expected = (
        AuthorizationStatus.AUTHORIZED if command == "authorize" else AuthorizationStatus.VOIDED
    )
    assert payments_driver.authorizations == [expected]
    assert payments_driver.backup.calls == []


def test_of_two_workers_that_disagree_about_failover_one_begins_the_payment(
    payments_driver: PaymentsDriver,
) -> None:
    def other_worker() -> None:
        payments_driver.flip()
        payments_driver.authorize()
        payments_driver.flip()

    payments_driver.payments.meanwhile = other_worker
    payment = payments_driver.authorize()
    assert (payment.status, payment.provider) == (Status.AUTHORIZED, Provider.BACKUP)
    assert payments_driver.authorizations == [AuthorizationStatus.AUTHORIZED]
    assert payments_driver.provider.calls == []


ANYTHING = st.lists(
    st.tuples(
        st.sampled_from(["authorize", "capture", "void", "refund"]),
        st.sampled_from(["answers", "loses", "fails"]),
        st.booleans(),
    ),
    max_size=12,
)


@given(ANYTHING)
def test_whatever_is_repeated_lost_or_flipped_there_is_one_charge_at_most(
    steps: list[tuple[str, str, bool]],
) -> None:
    payments_driver = PaymentsDriver()
    for command, fate, flips in steps:
        for provider in (payments_driver.provider, payments_driver.backup):
            provider.loses, provider.fails = fate == "loses", fate == "fails"
        if flips:
            payments_driver.flip()
        with suppress(ProviderUnavailable):
            payments_driver.commands[command]()
    assert len(payments_driver.authorizations) <= 1
    for provider in (payments_driver.provider, payments_driver.backup):
        provider.loses = provider.fails = 0
    payments_driver.refund()
    assert set(payments_driver.authorizations) <= {
        AuthorizationStatus.VOIDED,
        AuthorizationStatus.REFUNDED,
    }
