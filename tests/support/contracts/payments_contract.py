"""What every way of keeping payments promises: the table and the fake that stands in for it."""

import uuid

import pytest

from payments.domain.payment import Payment, Provider
from payments.ports import Payments


class PaymentsContract:
    """Inherit it, and give it a fixture ``payments``."""

    @pytest.fixture
    def order(self) -> str:
        return str(uuid.uuid4())

    def test_nothing_is_known_of_an_order_that_never_paid(
        self, payments: Payments, order: str
    ) -> None:
        assert payments.find(order) is None

    def test_every_state_is_found_as_it_was_saved(self, payments: Payments, order: str) -> None:
        begun = Payment.begin(order, "customer-1", 1290, "EUR")
        held = begun.authorized("auth-1", "2026-12-08T12:00:00.000Z")
        for payment in (begun, held, held.capture(), held.capture().refund()):
            assert payments.save(payment)
            assert payments.find(order) == payment

    def test_the_provider_that_a_payment_began_with_is_found_with_every_state(
        self, payments: Payments, order: str
    ) -> None:
        begun = Payment.begin(order, "customer-1", 1290, "EUR", Provider.BACKUP)
        held = begun.authorized("auth-1", "2026-12-08T12:00:00.000Z")
        for payment in (begun, held, held.capture(), held.capture().refund()):
            assert payments.save(payment)
            found = payments.find(order)
            assert found is not None
            assert found.provider is Provider.BACKUP

    def test_a_decline_keeps_its_reason(self, payments: Payments, order: str) -> None:
        begun = Payment.begin(order, "customer-1", 1290, "EUR")
        assert payments.save(begun)
        assert payments.save(begun.declined("insufficient-funds"))
        assert payments.find(order) == begun.declined("insufficient-funds")

    def test_a_tombstone_is_kept(self, payments: Payments, order: str) -> None:
        assert payments.save(Payment.never_made(order))
        assert payments.find(order) == Payment.never_made(order)

    def test_of_two_first_states_one_is_kept(self, payments: Payments, order: str) -> None:
        assert payments.save(Payment.never_made(order))
        assert not payments.save(Payment.begin(order, "customer-1", 1290, "EUR"))

    def test_of_two_next_states_one_is_kept(self, payments: Payments, order: str) -> None:
        begun = Payment.begin(order, "customer-1", 1290, "EUR")
        assert payments.save(begun)
        assert payments.save(begun.declined("no"))
        assert not payments.save(begun.authorized("auth-1", "2026-12-08T12:00:00.000Z"))
        assert payments.find(order) == begun.declined("no")
