"""Operators resume a saga: planned by what fulfilment tells of it, done by its own function."""

from __future__ import annotations

from typing import Any

import pytest

from console.adapters.resuming import ResumeSaga
from console.commands.changing import Change
from console.domain.plan import NoSuchTarget, NothingToChange, Overtaken
from console.ports import FunctionFailed, Unanswered
from tests.unit.console.test_timeline import Answers

ORDER = "8c1f6f0e-0000-4000-8000-000000000001"
ASKED = Change(dry_run=True)
BEGUN = {"order_id": ORDER, "execution": f"{ORDER}.3"}


def step(name: str, outcome: str | None, **changed: Any) -> dict[str, Any]:
    return {"step": name, "owner": "inventory", "outcome": outcome, "reason": None, **changed}


STEPS = [step("reserve-stock", "done"), step("release-stock", "failed", reason="no \x1b[31mstock")]


def saga(state: str = "stuck", attempt: int = 2, steps: Any = STEPS) -> dict[str, Any]:
    return {"state": state, "attempt": attempt, "steps": steps}


def action(found: Any, answer: Any = BEGUN) -> tuple[ResumeSaga, Answers]:
    said = Answers(show={"saga": found}, resume=answer)
    return ResumeSaga(said, said, lambda: ("show", "resume")), said


def test_a_plan_tells_what_is_not_settled_and_a_confirmation_begins_an_execution() -> None:
    resume, said = action(saga())
    outlook = resume.look(ORDER, ASKED)
    assert "Execution 3" in outlook.does[0]
    assert "waits for an operator" in outlook.does[2]
    assert [(it["step"], it["outcome"], it["reason"]) for it in outlook.items] == [
        ("release-stock", "failed", r"no \x1b[31mstock")
    ]
    assert resume.carry_out(ORDER, ASKED, outlook) == {"execution": f"{ORDER}.3"}
    assert said.asked["resume"] == {"order_id": ORDER}


def test_another_attempt_state_or_answer_is_another_plan() -> None:
    found = [
        saga(),
        saga(attempt=3),
        saga(state="running"),
        saga(steps=[*STEPS, step("reject-order", None)]),
    ]
    states = [repr(action(it)[0].look(ORDER, ASKED).state) for it in found]
    assert len(set(states)) == len(states)


def test_what_runs_is_not_resumed_and_who_planned_it_is_told_so() -> None:
    resume, _ = action(saga(state="running"), FunctionFailed("SagaStillRunning"))
    outlook = resume.look(ORDER, ASKED)
    assert "nothing is done" in outlook.does[2]
    with pytest.raises(Overtaken, match="goes on by itself"):
        resume.carry_out(ORDER, ASKED, outlook)


@pytest.mark.parametrize("failure", [FunctionFailed("KeyError"), Unanswered("gone")])
def test_any_other_failure_is_not_an_answer(failure: Unanswered) -> None:
    resume, _ = action(saga(), failure)
    with pytest.raises(type(failure)):
        resume.carry_out(ORDER, ASKED, resume.look(ORDER, ASKED))


def test_what_has_ended_or_is_not_known_is_not_resumed() -> None:
    with pytest.raises(NothingToChange):
        action(saga(state="ended"))[0].look(ORDER, ASKED)
    with pytest.raises(NoSuchTarget):
        action(None)[0].look(ORDER, ASKED)
    resume, said = action(saga())
    with pytest.raises(NoSuchTarget):
        resume.look("*", ASKED)
    assert said.asked == {}
