"""What every event store owes to the commands, whichever technology keeps the events."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from orders.domain.events import OrderEvent
from orders.ports import EventStore, RecordedEvent, VersionTaken
from tests.support.examples.orders import CANCELLED, CONFIRMED, PLACED, REJECTED, TEN, recorded


class EventStoreContract:
    """Inherit and give a fixture ``store``; orders get ids of their own, so it may be shared."""

    @pytest.fixture
    def order_id(self) -> str:
        """An order that nobody has placed yet."""
        return str(uuid.uuid4())

    def test_an_order_that_nobody_placed_has_no_history(
        self, store: EventStore, order_id: str
    ) -> None:
        assert list(store.history(order_id)) == []
        assert store.first(order_id) is None

    def test_what_was_appended_is_read_at_once_and_as_it_was(
        self, store: EventStore, order_id: str
    ) -> None:
        happened: list[OrderEvent] = [PLACED, CONFIRMED, REJECTED, CANCELLED]
        appended = [
            recorded(event, version, order_id=order_id)
            for version, event in enumerate(happened, start=1)
        ]
        for event in appended:
            store.append(event)
            assert store.history(order_id)[-1] == event
        assert list(store.history(order_id)) == appended
        assert store.first(order_id) == appended[0]

    def test_a_history_is_in_the_order_of_versions(self, store: EventStore, order_id: str) -> None:
        for version in (10, 2, 1, 9):
            store.append(recorded(PLACED, version, order_id=order_id))
        assert [event.version for event in store.history(order_id)] == [1, 2, 9, 10]

    def test_a_version_is_taken_once_and_the_loser_learns_by_what(
        self, store: EventStore, order_id: str
    ) -> None:
        winner = recorded(PLACED, 1, order_id=order_id)
        store.append(winner)
        with pytest.raises(VersionTaken) as taken:
            store.append(recorded(CANCELLED, 1, order_id=order_id))
        assert taken.value.existing == winner
        assert list(store.history(order_id)) == [winner]

    def test_an_append_whose_answer_was_lost_succeeds_when_it_is_repeated(
        self, store: EventStore, order_id: str
    ) -> None:
        event = recorded(PLACED, 1, order_id=order_id)
        store.append(event)
        store.append(event)
        assert list(store.history(order_id)) == [event]

    def test_the_same_wish_in_another_request_is_not_an_append_of_ones_own(
        self, store: EventStore, order_id: str
    ) -> None:
        event = recorded(PLACED, 1, order_id=order_id)
        store.append(event)
        later_request = replace(event.command, causation_id=str(uuid.uuid4()))
        with pytest.raises(VersionTaken):
            store.append(replace(event, command=later_request))

    def test_another_orders_versions_are_its_own(self, store: EventStore, order_id: str) -> None:
        other = str(uuid.uuid4())
        store.append(recorded(PLACED, 1, order_id=order_id))
        store.append(recorded(PLACED, 1, order_id=other))
        assert len(store.history(order_id)) == len(store.history(other)) == 1

    def test_of_appends_at_once_exactly_one_wins(self, store: EventStore, order_id: str) -> None:
        rivals = [recorded(PLACED, 1, TEN, order_id) for _ in range(8)]

        def append(event: RecordedEvent) -> bool:
            try:
                store.append(event)
            except VersionTaken:
                return False
            return True

        with ThreadPoolExecutor(len(rivals)) as pool:
            won = list(pool.map(append, rivals))
        assert won.count(True) == 1
        assert list(store.history(order_id)) == [rivals[won.index(True)]]
