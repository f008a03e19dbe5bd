"""The provider in memory keeps the contract of the one behind HTTP."""

import pytest

from tests.unit.payments.fake_provider import FakeProvider
from tests.unit.payments.provider_contract import ProviderContract


class TestFakeProvider(ProviderContract):
    @pytest.fixture
    def provider(self) -> FakeProvider:
        return FakeProvider()
