"""Operators stop a rollout of configuration: exactly the one that was shown."""

from __future__ import annotations

from typing import Any

import pytest

from console.adapters.stopping_rollouts import StopRollout
from console.commands.changing import Change
from console.domain.plan import NoSuchTarget, NothingToChange, Overtaken
from console.ports import FunctionFailed, Unanswered
from tests.support.console_configuration import profile, rollout
from tests.unit.console.test_timeline import Answers, card

TARGET = "orders/settings"
ASKED = Change(dry_run=True)
CARDS = [
    card("sales", show={"sales": "show"}),
    card("orders", configuration="looks", change={"configuration": {"orders": "stops"}}),
]


def stopping(found: Any, answer: Any = None) -> tuple[StopRollout, Answers]:
    said = Answers(looks={"profiles": [found]}, stops=answer or {"state": "rolled_back"})
    return StopRollout(said, said, lambda: CARDS), said


def under_way(number: int = 7, state: str = "deploying", percent: float = 40) -> dict[str, Any]:
    return profile("settings", 6, rollout=rollout(number, state, percent))


@pytest.mark.parametrize("state", ["deploying", "baking"])
def test_the_rollout_that_was_shown_is_stopped(state: str) -> None:
    stop, said = stopping(under_way(state=state))
    outlook = stop.look(TARGET, ASKED)
    assert "Deployment 7 of version 7 is stopped" in outlook.does[0]
    assert "version 6 again" in outlook.does[0]
    assert stop.carry_out(TARGET, ASKED, outlook) == {"state": "rolled_back"}
    assert said.asked["stops"] == {"number": 7, "version": "7"}


def test_how_far_it_is_makes_no_other_plan_and_another_rollout_does() -> None:
    states = [
        stopping(it)[0].look(TARGET, ASKED).state
        for it in (under_way(), under_way(state="baking", percent=100), under_way(8))
    ]
    assert states[0] == states[1] != states[2]


@pytest.mark.parametrize("state", ["complete", "rolled_back", "rolling_back", "reverted"])
def test_what_is_not_under_way_is_no_plan(state: str) -> None:
    for found in (under_way(state=state), profile("settings", 6, rollout=None)):
        with pytest.raises(NothingToChange):
            stopping(found)[0].look(TARGET, ASKED)


@pytest.mark.parametrize("target", ["sales/settings", "nobody/settings", "orders/flags", "", "/"])
def test_what_has_no_such_profile_is_not_found(target: str) -> None:
    with pytest.raises(NoSuchTarget):
        stopping(under_way())[0].look(target, ASKED)


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (FunctionFailed("NotUnderWay"), Overtaken),
        (FunctionFailed("ClientError"), FunctionFailed),
        (Unanswered("gone"), Unanswered),
    ],
)
def test_one_that_ended_meanwhile_is_overtaken(answer: Exception, raised: type[Exception]) -> None:
    stop, _ = stopping(under_way(), answer)
    with pytest.raises(raised):
        stop.carry_out(TARGET, ASKED, stop.look(TARGET, ASKED))
