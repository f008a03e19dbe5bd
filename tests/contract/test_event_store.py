"""The fake that commands are tested against keeps the contract of an event store."""

import pytest

from tests.support.contracts.event_store_contract import EventStoreContract
from tests.support.fakes.in_memory_event_store import InMemoryEventStore


class TestInMemoryEventStore(EventStoreContract):
    @pytest.fixture
    def store(self) -> InMemoryEventStore:
        return InMemoryEventStore()
