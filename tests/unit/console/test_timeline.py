"""An order's past comes from many owners: who is silent takes nothing from the others."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

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
PLACED = {**example("OrderPlaced"), "causation_id": "request-1"}
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
PLACES = {"1": {"shard": "shardId-000000000000", "sequence": "4966"}}
OWNERS = Owners("events", "sagas", "notifications", "archive")
ARCHIVED: dict[str, Any] = {
    it["event_id"]: {
        "object": f"events/day=2026-12-01/log-1-2026-12-01-12-00-0{number}.jsonl.gz",
        "size": 900,
        "delivered_at": f"2026-12-01T12:01:0{number}.000Z",
    }
    for number, it in enumerate((PLACED, CONFIRMED))
}


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
    card(
        "orders",
        fields=shown_fields(),
        consumers=["bus-publisher"],
        show={"bus-publisher": "p"},
        calls={"OrderPlaced": "POST /v1/orders"},
    ),
    card("order-views", views=["order-view"], show={"order-view": "view"}),
]


class Answers:
    """Implements ``console.ports.Functions``: what each function answers, or raises."""

    def __init__(self, **changed: Any) -> None:
        kept = {"kept": {"version": 2, "stalled_at_version": None}}
        published = {"kept": {"version": 2, "stalled_at_version": None, "places": PLACES}}
        self.asked: dict[str, Any] = {}
        self.of: dict[str, Any] = {
            "events": {"events": [PLACED, CONFIRMED], "next_version": None},
            "sagas": {"saga": SAGA},
            "notifications": {"told": [TOLD]},
            "archive": {"found": ARCHIVED, "objects": 2, "capped": False},
            "view": kept,
            "p": published,
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
        ("api", "POST /v1/orders"),
        ("store", "OrderPlaced"),
        ("log", "OrderPlaced"),
        ("saga", "ReserveStock"),
        ("notifications", "order-received"),
        ("store", "OrderConfirmed"),
        ("views", "bus-publisher"),
        ("views", "order-view"),
        ("archive", "OrderPlaced"),
        ("archive", "OrderConfirmed"),
    ]
    assert found.correlation_id == PLACED["correlation_id"]
    assert {lane for lane, part in found.parts.items() if part.answered} == {
        *("api", "store", "log", "saga", "views", "archive", "notifications")
    }
    sought = [
        {name: it[name] for name in ("event_id", "occurred_at")} for it in (PLACED, CONFIRMED)
    ]
    assert answers.asked["archive"] == {"events": sought}
    ids = {"event_ids": [PLACED["event_id"], CONFIRMED["event_id"]]}
    assert answers.asked["notifications"] == ids


def test_an_event_is_told_with_its_place_on_the_log_and_the_call_that_it_came_from() -> None:
    by_lane = {it.lane: it for it in of(Answers()).entries if it.lane in ("log", "api")}
    log, api = by_lane["log"], by_lane["api"]
    assert (log.version, log.causation_id, log.detail) == (1, PLACED["event_id"], PLACES["1"])
    assert (api.version, api.id) == (1, PLACED["causation_id"])
    assert api.detail == {"request_id": PLACED["causation_id"]}


def test_an_order_whose_places_nobody_noted_says_so() -> None:
    nowhere = {"kept": {"version": 2, "stalled_at_version": None}}
    for answer in (nowhere, {"kept": None}, Unanswered("gone")):
        part = of(Answers(p=answer)).parts["log"]
        assert (part.answered, part.as_of) == (False, None)
        assert "no consumer has noted" in str(part.problem)
    silent = of(Answers(events=Unanswered("gone")))
    assert (silent.parts["api"].problem, silent.parts["log"].answered) == ("gone", False)


@pytest.mark.parametrize(
    ("as_of", "capped", "said"),
    [
        ("2026-12-01T12:05:00.000Z", False, "1 of its 2 events are not archived yet"),
        (
            "2026-12-01T12:30:00.000Z",
            False,
            "objects of that time that were read: make rec",
        ),
        ("2026-12-01T12:30:00.000Z", True, "and there are more: see make history"),
    ],
)
def test_what_the_archive_does_not_have_yet_is_told_apart_from_what_it_should_have(
    as_of: str, capped: bool, said: str
) -> None:
    one = {PLACED["event_id"]: ARCHIVED[PLACED["event_id"]]}
    answers = Answers(archive={"found": one, "objects": 3, "capped": capped})
    found = timeline_of(answers, OWNERS, lambda: CARDS, ORDER, as_of)
    assert not found.parts["archive"].answered
    assert said in str(found.parts["archive"].problem)
    assert ("archive", "OrderPlaced") in lanes(found), "what was found is told all the same"


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
    [
        ("archive", "archive"),
        ("events", "store"),
        ("sagas", "saga"),
        ("notifications", "notifications"),
        ("view", "views"),
    ],
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
