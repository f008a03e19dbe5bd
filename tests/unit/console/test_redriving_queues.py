"""Operators have an owner send dead letters again: those that the plan shows, and no others."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from console.adapters.redriving_queues import RedriveQueue
from console.commands.changing import Change
from console.domain.plan import NoSuchTarget, NothingToChange, Overtaken
from console.environment import InspectEnvironment
from console.handlers import alarms_page
from tests.support.console_contract import problems
from tests.unit.console.test_timeline import NOW, ORDER, Answers, card

LOOKS = msgspec.convert({"dry_run": True}, Change)
CONFIRMS = Change(dry_run=False, plan="0" * 64, expires_at="2026-12-01T09:05:00.000Z")


def letter(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"m-{number}",
        "set_aside_at": NOW,
        "type": "ReserveStock",
        "aggregate_type": "order",
        "aggregate_id": ORDER,
        "reason": "failed 10 times",
        "redrivable": True,
        "outcome": "waits",
        **changed,
    }


def answered(*letters: dict[str, Any], more: bool = False) -> tuple[RedriveQueue, Answers]:
    payments = card("payments", change={"queue": {"Commands": "payments-redrives"}})
    said = Answers(**{"payments-redrives": {"letters": list(letters), "more": more}})
    return RedriveQueue(Answers(), said, lambda: [payments]), said


def test_a_plan_shows_each_letter_and_no_id_of_anybody() -> None:
    redrive, said = answered(
        letter(1), letter(2, aggregate_type="customer"), letter(3, type=None, aggregate_type=None)
    )
    outlook = redrive.look("payments/Commands", LOOKS)
    assert [(it["message"], it["order"]) for it in outlook.items] == [
        ("ReserveStock", ORDER),
        ("ReserveStock", None),
        ("cannot be read", None),
    ]
    assert outlook.state == ["m-1", "m-2", "m-3"]
    assert said.asked["payments-redrives"] == {"queue": "Commands", "dry_run": True}


def test_a_confirmation_sends_the_letters_of_the_plan_alone() -> None:
    outlook = answered(letter(1), letter(2))[0].look("payments/Commands", LOOKS)
    outcomes = (letter(1, outcome="sent"), {"id": "m-2", "outcome": "not found"})
    redrive, said = answered(*outcomes)
    done = redrive.carry_out("payments/Commands", CONFIRMS, outlook)
    assert done == {"sent": 1, "failed": 0, "not reached": 1}
    asked = {"queue": "Commands", "dry_run": False, "letters": ["m-1", "m-2"]}
    assert said.asked["payments-redrives"] == asked


def test_of_more_than_are_listed_those_go_that_waited_when_it_was_planned() -> None:
    redrive, said = answered(letter(1), more=True)
    outlook = redrive.look("payments/Commands", LOOKS)
    other = answered(letter(9), more=True)[0].look("payments/Commands", LOOKS)
    assert outlook.capped
    assert outlook.state == other.state, "each look is handed others"
    assert outlook.state != answered(letter(1))[0].look("payments/Commands", LOOKS).state
    said.of["payments-redrives"]["letters"][0]["outcome"] = "sent"
    assert redrive.carry_out("payments/Commands", CONFIRMS, outlook) == {"sent": 1, "failed": 0}
    assert said.asked["payments-redrives"]["set_aside_before"] == "2026-12-01T09:00:00.000Z"


def test_another_letter_is_another_state() -> None:
    before = answered(letter(1))[0].look("payments/Commands", LOOKS).state
    assert answered(letter(1), letter(2))[0].look("payments/Commands", LOOKS).state != before


@pytest.mark.parametrize(
    ("letters", "why"), [((), "no dead letters"), ((letter(1, redrivable=False),), "evidence")]
)
def test_where_nothing_can_be_sent_the_reason_is_told(letters: Any, why: str) -> None:
    with pytest.raises(NothingToChange, match=why):
        answered(*letters)[0].look("payments/Commands", LOOKS)


def test_what_somebody_else_has_sent_is_overtaken() -> None:
    outlook = answered(letter(1))[0].look("payments/Commands", LOOKS)
    redrive, _ = answered({"id": "m-1", "outcome": "not found"})
    with pytest.raises(Overtaken):
        redrive.carry_out("payments/Commands", CONFIRMS, outlook)


def test_what_the_queue_refused_is_told() -> None:
    outlook = answered(letter(1))[0].look("payments/Commands", LOOKS)
    redrive, _ = answered(letter(1, outcome="failed: ClientError"))
    done = redrive.carry_out("payments/Commands", CONFIRMS, outlook)
    assert (done["sent"], done["failed"], done["first failure"]) == (0, 1, "ClientError")


@pytest.mark.parametrize("target", ["payments/Replies", "orders/Commands", "payments", "/"])
def test_nobody_is_asked_for_a_queue_that_there_is_not(target: str) -> None:
    redrive, said = answered(letter(1))
    with pytest.raises(NoSuchTarget):
        redrive.look(target, LOOKS)
    assert said.asked == {}


def test_the_page_says_of_each_queue_whether_it_can_be_redriven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = {"waiting": 1, "in_flight": 0, "delayed": 0, "dead_letters": 1, "problem": None}
    queues = [{"service": service, "name": "Commands", **row} for service in ("orders", "payments")]
    said = Answers(alarms={"queues": queues, "capped": False})
    payments = card("payments", change={"queue": {"Commands": "arn"}})
    arns = dict.fromkeys(InspectEnvironment.__struct_fields__, "alarms")
    monkeypatch.setattr(alarms_page, "functions", lambda: said)
    monkeypatch.setattr(alarms_page, "load", lambda _: InspectEnvironment(**arns))
    monkeypatch.setattr(
        alarms_page, "cards", lambda: type("C", (), {"all": lambda _: [payments]})()
    )
    found = alarms_page.queues()
    assert [it["redrivable"] for it in found["queues"]] == [False, True]
    assert problems("Queues", {"as_of": NOW, **found}) == []
