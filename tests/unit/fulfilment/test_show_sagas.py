"""Operators see an order's saga step by step, and open sagas: no token, no data of a command."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from fulfilment import commands
from fulfilment.adapters.state_machine import StateMachine
from fulfilment.domain.saga import Reply, Saga, SentCommand
from fulfilment.domain.steps import command_id
from fulfilment.handlers import show_sagas
from tests.support.examples.fulfilment import CONTEXT, NINE, ORDER, TEN
from tests.support.examples.hostile_records import TEXTS
from tests.support.fakes.in_memory_sagas import FakeExecutions, InMemorySagas

TOKEN = "the task's token"
SECOND = "2026-12-01T09:00:02.000Z"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> InMemorySagas:
    store = InMemorySagas()
    monkeypatch.setattr(show_sagas, "sagas", lambda _: store)
    monkeypatch.setattr(show_sagas, "load", lambda _: None)
    return store


def ask(**request: Any) -> Any:
    return json.loads(json.dumps(show_sagas.handler(request, None)))


def send(store: InMemorySagas, step: str, at: str, reply: Reply | None = None) -> None:
    data = {"customer_id": "customer-1"}
    store.keep_token(SentCommand(ORDER, step, command_id(ORDER, step), data, TOKEN, at, reply))


def test_the_steps_of_a_saga_are_told_in_the_order_in_which_they_were_sent(
    store: InMemorySagas,
) -> None:
    store.begin(Saga(ORDER, CONTEXT, due_at=TEN))
    send(store, "authorize-payment", SECOND)
    send(store, "reserve-stock", NINE, Reply("done", None, {"lines": []}, SECOND))
    saga = ask(order_id=ORDER)["saga"]
    assert (saga["state"], saga["started_at"]) == ("running", NINE)
    assert saga["waits_for"] == "authorize-payment"
    assert saga["steps"][0] == {
        "step": "reserve-stock",
        "command": "ReserveStock",
        "command_id": command_id(ORDER, "reserve-stock"),
        "owner": "inventory",
        "undoes": [],
        "sent_at": NINE,
        "outcome": "done",
        "reason": None,
        "answered_at": SECOND,
    }
    assert [it["step"] for it in saga["steps"]] == ["reserve-stock", "authorize-payment"]


def test_an_undo_says_what_it_undoes_and_a_failure_is_waited_for(store: InMemorySagas) -> None:
    store.begin(Saga(ORDER, CONTEXT, due_at=TEN))
    send(store, "void-payment", NINE, Reply("failed", "gave-up", {}, SECOND))
    saga = ask(order_id=ORDER)["saga"]
    (step,) = saga["steps"]
    assert (step["undoes"], step["reason"]) == (["authorize-payment"], "gave-up")
    assert saga["waits_for"] == "void-payment"


def test_neither_token_nor_data_is_told(store: InMemorySagas) -> None:
    store.begin(Saga(ORDER, CONTEXT, due_at=TEN))
    send(store, "authorize-payment", NINE, Reply("done", None, {"authorization_id": "a-1"}, TEN))
    told = json.dumps([ask(order_id=ORDER), ask()])
    assert "reserve" not in told
    for secret in (TOKEN, "customer-1", "authorization_id", "traceparent"):
        assert secret not in told


def test_of_an_order_without_a_saga_there_is_none(store: InMemorySagas) -> None:
    assert ask(order_id=ORDER) == {"saga": None}
    assert ask() == {"sagas": [], "counted": 0, "capped": False}


def test_open_sagas_are_listed_and_counted_up_to_limits(
    store: InMemorySagas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "MOST_SHOWN", 3)
    monkeypatch.setattr(commands, "MOST_COUNTED", 5)
    ids = [f"{number:08x}{ORDER[8:]}" for number in range(4)]
    for its_id in ids:
        store.begin(Saga(its_id, CONTEXT, due_at=TEN))
    answer = ask()
    assert [it["order_id"] for it in answer["sagas"]] == ids[:3]
    assert (answer["counted"], answer["capped"]) == (4, False)
    assert answer["sagas"][0]["started_at"] is None, "it has sent nothing yet"
    store.begin(Saga(ORDER, CONTEXT, due_at=TEN))
    assert (ask()["counted"], ask()["capped"]) == (5, True)
    for its_id in (*ids, ORDER):
        store.mark_ended(its_id)
    assert ask()["sagas"] == []


def test_the_last_sagas_that_ended_are_counted_by_what_became_of_their_orders(
    store: InMemorySagas, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = FakeExecutions()
    monkeypatch.setattr(show_sagas, "_machine", lambda: machine)
    assert ask(ended=True) == {"counts": {}, "looked_at": 0, "since": None, "capped": False}
    ids = [f"{number:08x}{ORDER[8:]}" for number in range(6)]
    for its_id, end in zip(
        ids, ("confirmed", "confirmed", "rejected", "", "confirmed"), strict=False
    ):
        store.begin(Saga(its_id, CONTEXT, due_at=TEN))
        store.mark_ended(its_id)
        if end:
            store.ended_as[its_id] = end
    store.begin(Saga(ids[5], CONTEXT, due_at=TEN))
    # The newest first: one that was resumed, and one that runs once more.
    names = [f"{ids[0]}.2", ids[5], *ids[1:4], ids[0]]
    machine.succeeded = [(name, f"2026-12-01T09:0{9 - n}:00.000Z") for n, name in enumerate(names)]
    assert ask(ended=True) == {
        "counts": {"confirmed": 2, "rejected": 1, "unknown": 1},
        "looked_at": 4,
        "since": "2026-12-01T09:05:00.000Z",
        "capped": False,
    }
    monkeypatch.setattr(commands, "MOST_ENDED", 2)
    answer = ask(ended=True)
    assert (answer["counts"], answer["capped"]) == ({"confirmed": 1}, True)


def test_step_functions_is_asked_for_one_page_of_what_succeeded() -> None:
    class StepFunctions:
        def list_executions(self, **request: Any) -> Any:
            assert request == {
                "stateMachineArn": "arn", "statusFilter": "SUCCEEDED", "maxResults": 200
            }  # fmt: skip
            ended = datetime(2026, 12, 1, 9, tzinfo=UTC)
            return {
                "executions": [{"name": ORDER, "stopDate": ended}, {"name": "x"}],
                "nextToken": "more",
            }

    found = StateMachine(StepFunctions(), "arn").ended(commands.MOST_ENDED)
    assert found == ([(ORDER, NINE)], True)


def test_what_waits_for_an_operator_comes_first_and_once(store: InMemorySagas) -> None:
    settled, unsettled, running = (f"{number:08x}{ORDER[8:]}" for number in (3, 2, 1))
    for its_id in (settled, unsettled, running):
        store.begin(Saga(its_id, CONTEXT, due_at=TEN))
    store.mark_stuck(settled, NINE, settled=True)
    store.mark_stuck(unsettled, TEN, settled=False)
    answer = ask()
    assert [(it["order_id"], it["state"]) for it in answer["sagas"]] == [
        (settled, "stuck"),
        (unsettled, "stuck"),
        (running, "running"),
    ]
    assert answer["counted"] == 3


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_what_an_owner_gave_as_its_reason_is_bounded_and_plain(
    store: InMemorySagas, text: str
) -> None:
    store.begin(Saga(ORDER, CONTEXT, due_at=TEN))
    send(store, "release-stock", NINE, Reply("failed", text * 100, {}, TEN))
    (step,) = ask(order_id=ORDER)["saga"]["steps"]
    reason = step["reason"] or ""
    assert bool(reason) == bool(text)
    assert reason.isprintable()
    assert len(reason) <= show_sagas.LONGEST_REASON


@pytest.mark.parametrize("request_", [{"order_id": "x"}, {"resume": True}])
def test_another_form_is_refused(store: InMemorySagas, request_: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        ask(**request_)


def test_sagas_of_named_orders_are_told_besides_whatever_became_of_them(
    store: InMemorySagas,
) -> None:
    store.begin(Saga(ORDER, CONTEXT, due_at=TEN))
    send(store, "reserve-stock", NINE, Reply("done", None, {}, SECOND))
    store.mark_ended(ORDER)
    assert ask()["sagas"] == []
    other = "5eb1a7e5-0000-4000-8000-000000000009"
    answer = ask(order_ids=[ORDER, ORDER, other])
    (saga,) = answer["sagas"]
    assert (saga["state"], answer["counted"]) == ("ended", 0)
    assert saga["steps"] == [
        {
            "step": "reserve-stock",
            "undoes": [],
            "sent_at": NINE,
            "outcome": "done",
            "answered_at": SECOND,
        }
    ]


def test_an_open_saga_that_is_named_is_told_once(store: InMemorySagas) -> None:
    store.begin(Saga(ORDER, CONTEXT, due_at=TEN))
    assert len(ask(order_ids=[ORDER])["sagas"]) == 1


@pytest.mark.parametrize("named", [["x"], [ORDER] * (show_sagas.MOST_NAMED + 1), ORDER])
def test_too_many_orders_and_other_ids_are_refused(store: InMemorySagas, named: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        ask(order_ids=named)
