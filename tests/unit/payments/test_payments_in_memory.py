"""The payments in memory keep the contract of the real ones."""

import pytest

from tests.unit.payments.in_memory_payments import InMemoryPayments
from tests.unit.payments.payments_contract import PaymentsContract


class TestPaymentsInMemory(PaymentsContract):
    @pytest.fixture
    def payments(self) -> InMemoryPayments:
        return InMemoryPayments()
