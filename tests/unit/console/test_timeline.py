"""An order's past comes from many owners: who is silent takes nothing from the others."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from console.adapters import owners_answers
from console.adapters.asking import ask_all
from console.adapters.owners_answers import OrderNotKnown, Owners, Timeline, timeline_of
from console.adapters.published_reads import PublishedCards, PublishedFunctions, ServiceCard
from console.domain.timeline import (
    MOST_DETAILS,
    MOST_ENTRIES,
    Entry,
    flat,
    in_time,
    of_notifications,
)
from console.ports import Unanswered
from contracts.operators import shown_fields
from tests.support.contracts.event_schemas import example

NOW = "2026-12-01T12:00:10.000Z"
PLACED = example("OrderPlaced")
ORDER = str(PLACED["aggregate_id"])
CONFIRMED = {
    **example("OrderConfirmed"),
    "aggregate_id": ORDER,
    "version": 2,
    "occurred_at": "2026-12-01T12:00:05.000Z",
}
STEP: dict[str, Any] = {
    "step": "reserve-stock",
    "command": "ReserveStock",
    "command_id": "c-1",
    "owner": "inventory",
    "undoes": [],
    "sent_at": "2026-12-01T12:00:01.000Z",
    "outcome": "done",
    "reason": None,
    "answered_at": "2026-12-01T12:00:02.000Z",
}
SAGA = {"steps": [STEP], "causation_id": PLACED["event_id"]}
TOLD = {
    "event_id": PLACED["event_id"],
    "template": "order-received",
    "how": "sent",
    "settled_at": "2026-12-01T12:00:03.000Z",
}
OWNERS = Owners("events", "sagas", "notifications")


def card(name: str, **its: Any) -> ServiceCard:
    known = {
        "owner": "somebody",
        "purpose": "something",
        "source": "stacks/x.py",
        "runbook": None,
        "api": False,
        "reads_log": True,
    }
    lists: dict[str, list[str]] = {name: [] for name in ("says", "takes", "views", "consumers")}
    return msgspec.convert(
        {"name": name, **known, **lists, "show": {}, "fields": {}, **its}, ServiceCard
    )


CARDS = [
    card("orders", fields=shown_fields(), consumers=["bus-publisher"], show={"bus-publisher": "p"}),
    card("order-views", views=["order-view"], show={"order-view": "view"}),
]


class Answers:
    """Implements ``console.ports.Functions``: what each function answers, or raises."""

    def __init__(self, **changed: Any) -> None:
        kept = {"kept": {"version": 2, "stalled_at_version": None}}
        self.asked: dict[str, Any] = {}
        self.of: dict[str, Any] = {
            "events": {"events": [PLACED, CONFIRMED], "next_version": None},
            "sagas": {"saga": SAGA},
            "notifications": {"told": [TOLD]},
            "view": kept,
            "p": kept,
            **changed,
        }

    def ask(self, arn: str, request: Any) -> Any:
        self.asked[arn] = request
        answer = self.of[arn]
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


def of(answers: Answers, cards: Callable[[], Any] = lambda: CARDS) -> Timeline:
    return timeline_of(answers, OWNERS, cards, ORDER, NOW)


def lanes(found: Timeline) -> list[tuple[str, str]]:
    return [(it.lane, it.title) for it in found.entries]


def test_what_everybody_knows_is_told_in_time() -> None:
    answers = Answers()
    found = of(answers)
    assert lanes(found) == [
        ("store", "OrderPlaced"),
        ("saga", "ReserveStock"),
        ("notifications", "order-received"),
        ("store", "OrderConfirmed"),
        ("views", "bus-publisher"),
        ("views", "order-view"),
    ]
    assert found.correlation_id == PLACED["correlation_id"]
    assert {lane for lane, part in found.parts.items() if part.answered} == {
        *("store", "saga", "views", "notifications")
    }
    assert all(part.problem for part in found.parts.values() if not part.answered)
    ids = {"event_ids": [PLACED["event_id"], CONFIRMED["event_id"]]}
    assert answers.asked["notifications"] == ids


def test_states_are_the_order_at_each_version_without_who_and_where() -> None:
    first, second = of(Answers()).states
    assert (first.version, first.state["status"]) == (1, "placed")
    assert (second.version, second.state["status"]) == (2, "confirmed")
    assert second.state["lines"] == [{"sku": "MUG-BLUE", "quantity": 2, "unit_price": 1290}]
    told = json.dumps(msgspec.to_builtins(of(Answers())))
    for hidden in ("customer", "address", "postcode", "traceparent"):
        assert hidden not in told


@pytest.mark.parametrize(
    ("silent", "lane"),
    [("events", "store"), ("sagas", "saga"), ("notifications", "notifications"), ("view", "views")],
)
def test_who_fails_takes_nothing_from_the_others(silent: str, lane: str) -> None:
    found = of(Answers(**{silent: Unanswered("gone")}))
    assert found.parts[lane].problem == "gone"
    assert found.parts[lane].as_of is None
    left = {"store", "saga"} - {lane}
    assert left <= {it.lane for it in found.entries}


def test_an_answer_that_is_not_understood_is_a_part_that_is_silent() -> None:
    found = of(Answers(view=KeyError("x")))
    assert found.parts["views"].problem == "its answer was not understood: KeyError"
    assert ("views", "bus-publisher") in lanes(found)


@pytest.mark.parametrize(
    ("how", "status"), [("sent", "done"), ("nobody", None), ("undeliverable", "failed")]
)
def test_a_notification_that_nobody_was_to_get_has_not_failed(how: str, status: str | None) -> None:
    [entry] = of_notifications([TOLD | {"how": how}])
    assert entry.status == status


def test_without_cards_no_field_is_shown_and_no_view_is_asked() -> None:
    def gone() -> Any:
        raise Unanswered("gone")

    found = of(Answers(), gone)
    assert found.parts["views"].problem == "gone"
    assert found.states[0].state == {"status": "placed"}


def test_an_order_that_nobody_knows_is_not_known_and_one_with_a_silent_owner_may_be() -> None:
    nothing = {"events": {"events": [], "next_version": None}, "sagas": {"saga": None}}
    with pytest.raises(OrderNotKnown):
        of(Answers(**nothing))
    half_known = of(Answers(**{**nothing, "sagas": Unanswered("gone")}))
    assert half_known.parts["store"].answered


def test_an_undo_and_a_stalled_view_are_seen_as_such() -> None:
    undo = {**STEP, "command": "ReleaseStock", "undoes": ["reserve-stock"]}
    stalled = {"kept": {"version": 1, "stalled_at_version": 2}}
    found = of(Answers(sagas={"saga": {**SAGA, "steps": [undo]}}, view=stalled))
    by_title = {it.title: it for it in found.entries}
    assert by_title["ReleaseStock"].status == "undone"
    assert by_title["order-view"].status == "failed"
    assert by_title["order-view"].detail == {"stalled_at_version": 2}


def test_who_is_slow_is_left_out_and_waited_for_no_longer() -> None:
    began = time.monotonic()
    answers = ask_all({"slow": lambda: time.sleep(2), "fast": lambda: 1}, seconds=0.2)
    assert time.monotonic() - began < 1.5
    assert answers["fast"] == 1
    assert "0.2 seconds" in str(answers["slow"])


def test_entries_and_details_are_bounded() -> None:
    many = [Entry("store", f"{number:09}", "x", str(number)) for number in range(MOST_ENTRIES + 7)]
    kept, left_out = in_time(many[::-1])
    assert (len(kept), left_out, kept[-1].id) == (MOST_ENTRIES, 7, str(MOST_ENTRIES + 6))
    assert len(flat({"lines": [{"sku": "A", "quantity": 1}] * 99})) == MOST_DETAILS
    assert flat({"a": {"b": [1, {"c": None}]}}) == {"a.b.0": 1, "a.b.1.c": None}


def position(sequence: str, arrived_at: str | None) -> dict[str, Any]:
    applied = {"applied_at": "2026-12-01T12:00:09.000Z"}
    return {"shard": "shard-0", "sequence": sequence, "arrived_at": arrived_at, **applied}


def test_a_consumers_lag_is_what_others_have_read_and_it_has_not() -> None:
    ahead = {"positions": [position("9", "2026-12-01T12:00:08.000Z")], "parked": 0}
    behind = {"positions": [position("5", "2026-12-01T12:00:03.500Z")], "parked": 3}
    answers = Answers(p={**ahead, "parked_capped": False}, view={**behind, "parked_capped": True})
    publisher, view = owners_answers.consumers(answers, CARDS)
    assert (publisher["name"], publisher["service"], publisher["view"]) == (
        *("bus-publisher", "orders"),
        False,
    )
    assert (publisher["lag_seconds"], view["lag_seconds"]) == (0, 4.5)
    assert (view["parked"], view["parked_capped"], view["view"]) == (3, True, True)
    checkpoint = {"shard": "shard-0", "sequence": "5", "at": "2026-12-01T12:00:09.000Z"}
    assert view["checkpoints"] == [checkpoint]


def test_a_silent_consumer_says_why_and_claims_no_lag() -> None:
    empty = {"positions": [], "parked": 0, "parked_capped": False}
    publisher, view = owners_answers.consumers(Answers(p=Unanswered("gone"), view=empty), CARDS)
    assert (publisher["problem"], publisher["lag_seconds"]) == ("gone", None)
    assert (view["problem"], view["lag_seconds"], view["checkpoints"]) == (None, None, [])


def test_sagas_are_counted_by_state() -> None:
    saga = {"order_id": ORDER, "attempt": 1, "started_at": None, "waits_for": "reserve-stock"}
    listed = [{**saga, "state": state} for state in ("running", "stuck", "running")]
    answer = {"sagas": listed, "counted": 3, "capped": False}
    found = owners_answers.sagas(Answers(sagas=answer), "sagas")
    assert found["counts"] == {"open": 3, "running": 2, "stuck": 1}
    assert found["sagas"][0]["step"] == "reserve-stock"
    assert not found["capped"]
    more = Answers(sagas={**answer, "counted": 4})
    assert owners_answers.sagas(more, "sagas")["capped"], "not all that are counted are listed"


class Lambda:
    """As much of a botocore Lambda client as is called."""

    def __init__(self, payload: bytes, **answer: Any) -> None:
        self._answer = {"Payload": io.BytesIO(payload), **answer}

    def invoke(self, **_request: Any) -> Any:
        return self._answer


def test_a_functions_error_is_not_quoted() -> None:
    failed = Lambda(b'{"errorMessage": "of Ada Quillfeather"}', FunctionError="Unhandled")
    for broken in (failed, Lambda(b"not json")):
        with pytest.raises(Unanswered) as raised:
            PublishedFunctions(broken).ask("arn", {})
        assert "Ada" not in str(raised.value)
    assert PublishedFunctions(Lambda(b"[1]")).ask("arn", {}) == [1]


class Parameters:
    """As much of a botocore SSM client as is called; ``fails`` makes it raise."""

    def __init__(self, *names: str) -> None:
        self.names, self.calls, self.fails = list(names), 0, False

    def get_parameters_by_path(self, **request: Any) -> Any:
        self.calls += 1
        if self.fails:
            raise TimeoutError
        start = int(request.get("NextToken", 0))
        page = self.names[start : start + 10]
        answer: dict[str, Any] = {
            "Parameters": [{"Value": msgspec.json.encode(card(it)).decode()} for it in page]
        }
        if start + 10 < len(self.names):
            answer["NextToken"] = str(start + 10)
        return answer


def test_all_pages_of_cards_are_read_once_and_remembered_while_they_cannot_be_read() -> None:
    now = [0.0]
    parameters = Parameters(*(f"s{number:02}" for number in reversed(range(23))))
    cards = PublishedCards(parameters, "/x/cards", lambda: now[0])
    assert [it.name for it in cards.all()] == [f"s{number:02}" for number in range(23)]
    cards.all()
    assert parameters.calls == 3
    now[0], parameters.fails = 100.0, True
    assert len(cards.all()) == 23
    with pytest.raises(Unanswered):
        PublishedCards(parameters, "/x/cards", lambda: now[0]).all()
