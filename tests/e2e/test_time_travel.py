"""An order as it was: at a version, at a time, and before there was one."""

from datetime import datetime, timedelta
from urllib.parse import quote

import pytest

from tests.support.drivers.system import System


@pytest.fixture(scope="module")
def order_id(system: System) -> str:
    """An order that was placed and then cancelled."""
    return system.cancelled()


def times(system: System, order_id: str) -> tuple[str, str]:
    """When it was placed, and when it was cancelled."""
    placed, cancelled = system.history(order_id).json["events"]
    return placed["occurred_at"], cancelled["occurred_at"]


def test_history_tells_every_event_and_the_state_that_they_lead_to(
    system: System, order_id: str
) -> None:
    history = system.history(order_id).json
    assert [event["type"] for event in history["events"]] == ["OrderPlaced", "OrderCancelled"]
    assert (history["state"]["status"], history["state"]["reason"]) == ("cancelled", "other")


def test_an_order_at_its_first_version_is_placed(system: System, order_id: str) -> None:
    history = system.history(order_id, "?version=1").json
    assert (history["state"]["status"], len(history["events"])) == ("placed", 1)
    assert history["as_of"]["version"] == 1


def test_an_order_at_a_time_is_what_it_was_then(system: System, order_id: str) -> None:
    placed_at, cancelled_at = times(system, order_id)
    assert status_at(system, order_id, placed_at) == "placed"
    assert status_at(system, order_id, cancelled_at) == "cancelled"
    just_before = datetime.fromisoformat(cancelled_at) - timedelta(milliseconds=1)
    expected = "placed" if just_before.isoformat() >= placed_at else None
    if expected:
        assert status_at(system, order_id, just_before.isoformat()) == expected


def test_before_its_first_event_there_was_no_order(system: System, order_id: str) -> None:
    placed_at, _ = times(system, order_id)
    before = datetime.fromisoformat(placed_at) - timedelta(milliseconds=1)
    answer = system.history(order_id, f"?at={quote(before.isoformat())}")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")


def status_at(system: System, order_id: str, at: str) -> str:
    status: str = system.history(order_id, f"?at={quote(at)}").json["state"]["status"]
    return status
