"""An order's whole journey: accepted, kept, published, projected, archived and read back."""

import json
import time
import uuid
from functools import partial
from typing import TypeVar

import pytest

from orders.domain.terms import MAX_LINES
from tests.support.drivers.offline import eventually
from tests.support.drivers.system import Event, System, an_order

T = TypeVar("T")
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_an_accepted_order_is_visible_within_five_seconds(system: System) -> None:
    begun = time.monotonic()
    accepted = system.place(an_order(quantity=3))
    assert accepted.status == 202
    location = accepted.headers["Location"]
    order_id = accepted.json["order_id"]
    assert location == f"/v1/orders/{order_id}?min_version=1"
    view = system.visible(order_id, version=1, within=5)
    assert time.monotonic() - begun < 5
    assert view["total"] == 3 * 1290
    # By now it may be confirmed: then the view must say so, and that it was placed before.
    assert status_at(system, order_id, 1) == "placed"
    assert view["status"] == status_at(system, order_id, view["version"])


def test_a_gift_is_one_order_for_readers_of_both_versions(system: System) -> None:
    gift = {"wrapping": "box", "note_code": "thank-you"}
    placed = system.call("POST", "orders", "/v2/orders", {**an_order(), "gift": gift})
    order_id = placed.json["order_id"]
    assert placed.headers["Location"] == f"/v2/orders/{order_id}?min_version=1"

    def settled() -> tuple[Event, Event]:
        newer = system.call("GET", "order-views", placed.headers["Location"])
        older = system.view(order_id)
        assert newer.status == 200
        assert newer.json["version"] == older.json["version"]  # nothing came in between
        return newer.json, older.json

    newer, older = eventually(settled)
    assert newer == {**older, "gift": gift}
    listed = system.call("GET", "order-views", "/v2/orders").json["orders"]
    assert [it["gift"] for it in listed if it["order_id"] == order_id] == [gift]
    assert not any("gift" in it for it in system.orders().json["orders"])
    assert json.loads(system.stored(order_id)[0]["data"])["gift"] == gift


def test_an_order_of_as_many_lines_as_there_may_be_is_fulfilled(system: System) -> None:
    line = {"sku": "MUG-BLUE", "quantity": 1}
    accepted = system.place(an_order() | {"lines": [line] * MAX_LINES})
    order_id = accepted.json["order_id"]
    assert system.visible(order_id, version=2)["status"] == "confirmed"
    assert len(system.view(order_id).json["lines"]) == MAX_LINES
    (shipped,) = [it for _, it in system.logged(order_id) if it["type"] == "ShipmentBooked"]
    assert shipped["data"]["order_id"] == order_id
    refused = system.place(an_order() | {"lines": [line] * (MAX_LINES + 1)})
    assert refused.status == 400


def test_a_cancelled_order_is_seen_to_be(system: System) -> None:
    assert system.visible(system.cancelled(), version=2)["status"] == "cancelled"


def test_a_reader_of_their_own_write_is_told_to_wait_and_then_served(system: System) -> None:
    order_id = system.placed()
    early = system.view(order_id, "?min_version=1000")
    assert (early.status, early.headers["Retry-After"]) == (404, "1")
    assert early.headers["Content-Type"] == "application/problem+json"
    assert system.visible(order_id, version=1)["order_id"] == order_id


def test_a_journeys_ids_are_found_in_the_event_store_the_log_and_the_archive(
    system: System,
) -> None:
    journey = str(uuid.uuid4())
    accepted = system.place(X_Correlation_Id=journey, traceparent=TRACEPARENT)
    assert accepted.headers["X-Correlation-Id"] == journey
    order_id = accepted.json["order_id"]
    stored = system.stored(order_id)
    logged = [event for _, event in eventually(lambda: system.logged(order_id))]

    def of_the_first() -> list[Event]:
        """The archive has events in whatever order they were delivered."""
        return [it for it in system.archived(order_id) if it["event_id"] == stored[0]["event_id"]]

    archived = eventually(of_the_first)
    for event in (stored[0], logged[0], archived[0]):
        assert (event["correlation_id"], event["traceparent"]) == (
            journey,
            stored[0]["traceparent"],
        )
    # A caller's trace is linked to, and not gone on with: they would decide what is sampled.
    assert TRACEPARENT[3:35] not in stored[0]["traceparent"]


def test_what_the_stores_hold_agrees_with_what_the_api_says(system: System) -> None:
    order_id = system.cancelled()
    view = system.visible(order_id, version=2)
    said = system.call("GET", "orders", f"/v2/orders/{order_id}/history").json["events"]
    stored = system.stored(order_id)
    logged = eventually(partial(published_both, system, order_id))
    archived = eventually(partial(archived_both, system, order_id))

    def ids(events: list[dict[str, str]]) -> list[tuple[str, str]]:
        return [(str(event["version"]), event["event_id"]) for event in events]

    assert ids(said) == ids(stored) == ids([event for _, event in logged])
    assert sorted(ids(archived)) == ids(said)
    assert [event["data"] for event in said] == [event["data"] for _, event in logged]
    item = system.viewed(order_id)
    assert item is not None
    assert (item["status"]["S"], item["version"]["N"]) == (view["status"], str(view["version"]))
    state = system.history(order_id).json["state"]
    assert {name: view[name] for name in ("status", "reason", "total", "lines", "ship_to")} == {
        name: state[name] for name in ("status", "reason", "total", "lines", "ship_to")
    }


def test_an_orders_events_reach_the_log_in_order_under_the_orders_key(system: System) -> None:
    for order_id in [system.cancelled() for _ in range(5)]:
        records = eventually(partial(published_both, system, order_id))
        assert [key for key, _ in records] == [order_id, order_id]
        assert [event["version"] for _, event in records] == [1, 2]


def test_the_archive_keeps_each_event_once_on_a_line_of_its_own(system: System) -> None:
    order_id = system.cancelled()
    archived = eventually(partial(archived_both, system, order_id))
    assert sorted(event["version"] for event in archived) == [1, 2]
    stored = {event["event_id"]: event for event in system.stored(order_id)}
    for event in archived:
        assert event["type"] == stored[event["event_id"]]["type"]


def test_a_customers_list_shows_each_order_once_newest_first(system: System) -> None:
    user = f"lister-{uuid.uuid4().hex[:8]}"
    placed = [system.placed(user) for _ in range(7)]
    for order_id in placed:
        eventually(partial(is_visible, system, order_id, user))
    seen: list[str] = []
    query = "?limit=3"
    while query:
        page = system.orders(query, user=user).json
        assert len(page["orders"]) <= 3
        seen += [order["order_id"] for order in page["orders"]]
        token = page["next_page_token"]
        query = f"?limit=3&page_token={token}" if token else ""
    assert seen == placed[::-1]


@pytest.mark.parametrize("asks", ["view", "history", "cancel"])
def test_nobody_sees_or_changes_somebody_elses_order(asks: str, system: System) -> None:
    order_id = system.placed()
    system.visible(order_id, version=1)
    assert getattr(system, asks)(order_id, user="other").status == 404
    assert "OrderCancelled" not in [event["type"] for event in system.stored(order_id)]
    assert order_id not in [it["order_id"] for it in system.orders(user="other").json["orders"]]


def status_at(system: System, order_id: str, version: int) -> str:
    """By the order's own history."""
    status: str = system.history(order_id, f"?version={version}").json["state"]["status"]
    return status


def both(found: list[T]) -> list[T]:
    """Placing and cancelling: nothing, until there are two."""
    return found if len(found) >= 2 else []


def published_both(system: System, order_id: str) -> list[tuple[str, Event]]:
    return both([it for it in system.logged(order_id) if is_its_own(it[1])])


def archived_both(system: System, order_id: str) -> list[Event]:
    return both([it for it in system.archived(order_id) if is_its_own(it)])


def is_its_own(event: Event) -> bool:
    """Not what its saga made others say of it, before it heard of the cancellation."""
    return event["version"] is not None


def is_visible(system: System, order_id: str, user: str) -> bool:
    return system.view(order_id, user=user).status == 200
