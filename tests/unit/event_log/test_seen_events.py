"""Integration events that are on the log are remembered in as few calls as DynamoDB allows."""

from __future__ import annotations

from typing import Any

import pytest

from event_log.adapters.seen_events import SeenEvents
from shared.runtime.dynamodb_batches import ROUNDS, StillUnprocessed


class Table:
    """Takes at most ``takes`` items of each call, and puts the rest off."""

    def __init__(self, takes: int = 25) -> None:
        self.takes = takes
        self.kept: list[str] = []
        self.calls = 0

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        ((name, puts),) = RequestItems.items()
        assert 0 < len(puts) <= 25
        self.calls += 1
        self.kept += [put["PutRequest"]["Item"]["event_id"]["S"] for put in puts[: self.takes]]
        rest = puts[self.takes :]
        return {"UnprocessedItems": {name: rest} if rest else {}}


def seen(table: Table) -> SeenEvents:
    return SeenEvents(table, "seen", pause=lambda _seconds: None)


def test_a_hundred_integration_events_are_remembered_in_four_calls() -> None:
    table = Table()
    integration_events = [f"event-{number}" for number in range(100)]
    seen(table).remember(integration_events)
    assert table.kept == integration_events
    assert table.calls == 4


def test_nothing_needs_no_call() -> None:
    table = Table()
    seen(table).remember([])
    assert table.calls == 0


def test_what_is_put_off_is_written_again() -> None:
    table = Table(takes=2)
    seen(table).remember(["a", "b", "c", "d", "e"])
    assert table.kept == ["a", "b", "c", "d", "e"]


def test_what_is_put_off_for_ever_makes_the_batch_come_again() -> None:
    table = Table(takes=0)
    with pytest.raises(StillUnprocessed):
        seen(table).remember(["a", "b", "c"])
    assert table.calls == ROUNDS
