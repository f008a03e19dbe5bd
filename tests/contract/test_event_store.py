"""The fake that commands are tested against keeps the contract of an event store."""

import pytest

from orders.domain.events import OrderEvent
from tests.support.contracts.event_store_contract import EventStoreContract
from tests.support.examples.orders import EVENTS
from tests.support.fakes.in_memory_event_store import InMemoryEventStore


class TestInMemoryEventStore(EventStoreContract[OrderEvent]):
    EVENTS = EVENTS

    @pytest.fixture
    def store(self) -> InMemoryEventStore[OrderEvent]:
        return InMemoryEventStore()
