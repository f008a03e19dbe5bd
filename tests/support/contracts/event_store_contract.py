"""What every event store owes to commands, whichever technology and whichever aggregate."""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic

import pytest
from msgspec.structs import replace

from shared.event_sourcing.recorded import EventStore, EventT, RecordedEvent, VersionTaken
from tests.support.examples.recorded import recorded


class EventStoreContract(Generic[EventT]):
    """Inherit, give ``EVENTS``, at least two that differ, and a fixture ``store``.

    Aggregates get ids of their own, so a store may be shared.
    """

    EVENTS: Sequence[EventT]

    @pytest.fixture
    def aggregate_id(self) -> str:
        """An aggregate that nobody has begun yet."""
        return str(uuid.uuid4())

    @pytest.fixture
    def event(self, aggregate_id: str) -> RecordedEvent[EventT]:
        """Its first event."""
        return recorded(self.EVENTS[0], 1, aggregate_id)

    def test_an_aggregate_that_nobody_began_has_no_history(
        self, store: EventStore[EventT], aggregate_id: str
    ) -> None:
        assert list(store.history(aggregate_id)) == []
        assert store.first(aggregate_id) is None

    def test_what_was_appended_is_read_at_once_and_as_it_was(
        self, store: EventStore[EventT], aggregate_id: str
    ) -> None:
        appended = [
            recorded(event, version, aggregate_id)
            for version, event in enumerate(self.EVENTS, start=1)
        ]
        for event in appended:
            store.append(event)
            assert store.history(aggregate_id)[-1] == event
        assert list(store.history(aggregate_id)) == appended
        assert store.first(aggregate_id) == appended[0]

    def test_a_history_is_in_the_order_of_versions(
        self, store: EventStore[EventT], aggregate_id: str
    ) -> None:
        for version in (10, 2, 1, 9):
            store.append(recorded(self.EVENTS[0], version, aggregate_id))
        assert [event.version for event in store.history(aggregate_id)] == [1, 2, 9, 10]

    def test_a_version_is_taken_once_and_the_loser_learns_by_what(
        self, store: EventStore[EventT], event: RecordedEvent[EventT]
    ) -> None:
        store.append(event)
        with pytest.raises(VersionTaken) as taken:
            store.append(recorded(self.EVENTS[1], 1, event.aggregate_id))
        assert taken.value.existing == event
        assert list(store.history(event.aggregate_id)) == [event]

    def test_an_append_whose_answer_was_lost_succeeds_when_it_is_repeated(
        self, store: EventStore[EventT], event: RecordedEvent[EventT]
    ) -> None:
        store.append(event)
        store.append(event)
        assert list(store.history(event.aggregate_id)) == [event]

    def test_the_same_wish_in_another_request_is_not_an_append_of_ones_own(
        self, store: EventStore[EventT], event: RecordedEvent[EventT]
    ) -> None:
        store.append(event)
        later_request = replace(event.command, causation_id=str(uuid.uuid4()))
        with pytest.raises(VersionTaken):
            store.append(replace(event, command=later_request))

    def test_another_aggregates_versions_are_its_own(
        self, store: EventStore[EventT], event: RecordedEvent[EventT]
    ) -> None:
        other = recorded(self.EVENTS[0], 1, str(uuid.uuid4()))
        store.append(event)
        store.append(other)
        assert list(store.history(event.aggregate_id)) == [event]
        assert list(store.history(other.aggregate_id)) == [other]

    def test_of_appends_at_once_exactly_one_wins(
        self, store: EventStore[EventT], aggregate_id: str
    ) -> None:
        rivals = [recorded(self.EVENTS[0], 1, aggregate_id) for _ in range(8)]

        def append(event: RecordedEvent[EventT]) -> bool:
            try:
                store.append(event)
            except VersionTaken:
                return False
            return True

        with ThreadPoolExecutor(len(rivals)) as pool:
            won = list(pool.map(append, rivals))
        assert won.count(True) == 1
        assert list(store.history(aggregate_id)) == [rivals[won.index(True)]]
