"""The fake store keeps the contract that the real one keeps."""

import pytest

from tests.support.contracts.saga_store_contract import SagaStoreContract
from tests.support.examples.fulfilment import ORDER
from tests.support.fakes.in_memory_sagas import InMemorySagas


class TestInMemorySagas(SagaStoreContract):
    """The fake."""

    @pytest.fixture
    def order_id(self) -> str:
        return ORDER

    @pytest.fixture
    def store(self) -> InMemorySagas:
        return InMemorySagas()
