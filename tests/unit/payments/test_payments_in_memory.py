"""The payments in memory keep the contract of the real ones."""

import pytest

from tests.support.contracts.payments_contract import PaymentsContract
from tests.support.fakes.in_memory_payments import InMemoryPayments


class TestPaymentsInMemory(PaymentsContract):
    @pytest.fixture
    def payments(self) -> InMemoryPayments:
        return InMemoryPayments()
