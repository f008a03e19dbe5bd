"""The provider in memory keeps the contract of the one behind HTTP."""

import pytest

from tests.support.contracts.provider_contract import ProviderContract
from tests.support.fakes.fake_provider import FakeProvider


class TestFakeProvider(ProviderContract):
    @pytest.fixture
    def provider(self) -> FakeProvider:
        return FakeProvider()
