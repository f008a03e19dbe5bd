"""Backup and archive make one history: whatever order, repetition or gap the archive has."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from orders.adapters.event_codec import CODEC
from shared.messaging.envelope import Envelope
from tests.support.examples.log_of_orders import ORDERS, event
from tools.recovery.items import item_of
from tools.recovery.merging import Merged, merged

STATES = ("OrderConfirmed", "OrderRejected", "OrderCancelled")


def history(order_id: str, *types: str) -> list[Envelope]:
    """An order's events, from version 1."""
    return [event(order_id, version, type) for version, type in enumerate(types, 1)]


def stored(*events: Envelope) -> dict[str, dict[int, Envelope]]:
    """As a backup has them."""
    found: dict[str, dict[int, Envelope]] = {}
    for it in events:
        found.setdefault(it.aggregate_id, {})[it.version or 0] = it
    return found


def appended(result: Merged) -> list[tuple[str, int | None]]:
    return [(it.aggregate_id, it.version) for it in (*result.first, *result.later)]


@given(
    ends=st.lists(st.sampled_from((None, *STATES)), min_size=1, max_size=4),
    in_backup=st.lists(st.integers(0, 2), min_size=4, max_size=4),
    seed=st.integers(0, 2**16),
)
def test_whatever_comes_how_often_and_in_which_order_each_history_is_whole(
    ends: list[str | None], in_backup: list[int], seed: int
) -> None:
    whole = {
        order_id: history(order_id, "OrderPlaced", *([end] if end else []))
        for order_id, end in zip(ORDERS, ends, strict=False)
    }
    kept = {
        id: events[:count] for (id, events), count in zip(whole.items(), in_backup, strict=False)
    }
    archived = [it for events in whole.values() for it in events] * 2
    random.Random(seed).shuffle(archived)

    result = merged(stored(*(it for events in kept.values() for it in events)), archived)

    after: dict[str, list[int | None]] = {
        id: [it.version for it in events] for id, events in kept.items()
    }
    for order_id, version in appended(result):
        after[order_id].append(version)
    assert after == {id: [it.version for it in events] for id, events in whole.items()}
    assert not result.conflicts
    assert not result.holes


def test_a_decision_waits_until_the_saga_has_come_to_it() -> None:
    events = history(ORDERS[0], "OrderPlaced", "OrderConfirmed")
    result = merged({}, events)
    assert result.first == (events[0],)
    assert result.later == (events[1],)


def test_an_order_whose_saga_has_undone_everything_waits_for_nothing() -> None:
    events = history(ORDERS[0], "OrderPlaced", "OrderRejected")
    assert merged({}, events).first == tuple(events)


def test_what_comes_after_a_hole_is_not_appended_and_the_hole_is_named() -> None:
    placed, confirmed = history(ORDERS[0], "OrderPlaced", "OrderConfirmed")
    result = merged({}, [confirmed])
    assert appended(result) == []
    assert result.holes == ((ORDERS[0], 1),)
    assert merged(stored(placed), [confirmed]).later == (confirmed,)


def test_the_backup_counts_where_there_are_two_histories() -> None:
    placed, confirmed = history(ORDERS[0], "OrderPlaced", "OrderConfirmed")
    other = replace(confirmed, type="OrderCancelled")
    result = merged(stored(placed, confirmed), [placed, other])
    assert appended(result) == []
    [conflict] = result.conflicts
    assert (conflict.version, conflict.kept, conflict.archived) == (
        2,
        "OrderConfirmed",
        "OrderCancelled",
    )


def test_what_the_backup_has_and_the_archive_has_not_stays() -> None:
    result = merged(stored(*history(ORDERS[0], "OrderPlaced", "OrderConfirmed")), [])
    assert appended(result) == []
    assert not result.holes


def test_an_archived_event_is_known_again_by_the_command_that_led_to_it() -> None:
    cause = "7b1f8f7a-58c5-5c1d-9a77-0d5a3b8f5e21"
    confirmed = event(ORDERS[0], 2, "OrderConfirmed", causation_id=cause)
    recorded = CODEC.from_item(item_of(confirmed))
    assert recorded.command.key == cause
    assert CODEC.to_envelope(item_of(confirmed)) == confirmed
