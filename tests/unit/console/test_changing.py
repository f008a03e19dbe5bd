"""A change is planned, and done once: by whoever planned it, while it is what was planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import msgspec
import pytest

from console.adapters.dynamodb_activity import KEY, SORT
from console.adapters.dynamodb_claims import DynamoDbClaims
from console.adapters.redriving import MOST, Redrive, RedriveRecords
from console.commands import changing
from console.commands.changing import Change
from console.domain.plan import (
    NoSuchTarget,
    NothingToChange,
    Outlook,
    Overtaken,
    Plan,
    Scalar,
    Wish,
)
from console.ports import Unanswered
from shared.runtime import clock
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from tests.unit.console.test_timeline import Answers, card

NOON = "2026-12-01T12:00:00.000Z"
WISH = Wish("olga", "lamps/switch", "hall", {})


class Switch:
    """Turns a lamp; ``during`` is what happens while it does."""

    name: ClassVar[str] = "switch"
    subject: ClassVar[str] = "lamps"
    named_by: ClassVar[tuple[str, ...]] = ("name",)
    form: ClassVar[type[Change]] = Change

    def __init__(self) -> None:
        self.state = "off"
        self.done = 0
        self.during: Callable[[], None] = lambda: None

    def look(self, target: str, asked: Any) -> Outlook:
        return Outlook(["it goes on"], [], False, self.state)

    def carry_out(self, target: str, asked: Any, outlook: Outlook) -> Mapping[str, Scalar]:
        self.during()
        self.done += 1
        return {"turned": self.done}


@pytest.fixture
def claims() -> DynamoDbClaims:
    return DynamoDbClaims(DynamoDbInMemory({"activity": [KEY, SORT]}), "activity")


@pytest.fixture
def switch() -> Switch:
    return Switch()


def at(seconds: float) -> str:
    return clock.later(NOON, seconds)


def planned(switch: Switch, wish: Wish = WISH, seconds: float = 0) -> Plan:
    return changing.plan(switch, wish, Change(dry_run=True), at(seconds))


def confirm(
    switch: Switch, claims: DynamoDbClaims, plan: Plan, wish: Wish = WISH, seconds: float = 10
) -> Mapping[str, Scalar]:
    asked = Change(dry_run=False, plan=plan.digest, expires_at=plan.expires_at)
    return changing.confirm(switch, wish, asked, claims, lambda: at(seconds))


def test_what_was_planned_is_done(switch: Switch, claims: DynamoDbClaims) -> None:
    plan = planned(switch)
    assert plan.expires_at == at(300)
    assert confirm(switch, claims, plan) == {"turned": 1}


@pytest.mark.parametrize(
    "others",
    [
        Wish("otto", "lamps/switch", "hall", {}),
        Wish("olga", "lamps/smash", "hall", {}),
        Wish("olga", "lamps/switch", "attic", {}),
        Wish("olga", "lamps/switch", "hall", {"colour": "red"}),
    ],
)
def test_a_plan_is_for_its_operator_action_target_and_parameters(
    switch: Switch, claims: DynamoDbClaims, others: Wish
) -> None:
    plan = planned(switch)
    with pytest.raises(Overtaken, match="somebody else's"):
        confirm(switch, claims, plan, others)
    assert switch.done == 0


def test_another_state_is_another_plan(switch: Switch, claims: DynamoDbClaims) -> None:
    plan = planned(switch)
    switch.state = "on"
    with pytest.raises(Overtaken, match="changed since"):
        confirm(switch, claims, plan)
    assert switch.done == 0


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"plan": None}, "no plan"),
        ({"expires_at": None}, "no plan"),
        ({"plan": "0" * 64}, "changed since"),
        ({"expires_at": "soon"}, "at such a time"),
        ({"expires_at": at(9.999)}, "is over"),
        ({"expires_at": at(311)}, "as late as that"),
        ({"expires_at": at(299)}, "changed since"),
    ],
)
def test_a_plan_that_is_missing_made_up_or_over_is_refused(
    switch: Switch, claims: DynamoDbClaims, changed: dict[str, Any], why: str
) -> None:
    plan = planned(switch)
    said = {"plan": plan.digest, "expires_at": plan.expires_at, **changed}
    with pytest.raises(Overtaken, match=why):
        changing.confirm(switch, WISH, Change(dry_run=False, **said), claims, lambda: at(10))
    assert switch.done == 0


def test_of_two_operators_at_once_one_changes_something(
    switch: Switch, claims: DynamoDbClaims
) -> None:
    other = Wish("otto", "lamps/switch", "hall", {})
    first, second = planned(switch), planned(switch, other)

    def the_other_confirms() -> None:
        switch.during = lambda: None
        with pytest.raises(Overtaken, match="at work still"):
            confirm(switch, claims, second, other)

    switch.during = the_other_confirms
    confirm(switch, claims, first)
    assert switch.done == 1


def test_who_confirms_while_another_looks_is_refused_and_disturbs_nothing(
    switch: Switch, claims: DynamoDbClaims
) -> None:
    """A look at a queue holds its letters: a second one at the same time would find none."""
    plan = planned(switch)
    look = switch.look

    def held(target: str, asked: Any) -> Outlook:
        switch.look = look  # type: ignore[method-assign]
        with pytest.raises(Overtaken, match="at work still"):
            confirm(switch, claims, plan)
        return look(target, asked)

    switch.look = held  # type: ignore[method-assign]
    assert confirm(switch, claims, plan) == {"turned": 1}


@pytest.mark.parametrize("refusal", [Overtaken("not as planned"), Unanswered("late")])
def test_a_refused_plan_leaves_those_of_others_as_they_are(
    switch: Switch, claims: DynamoDbClaims, refusal: Exception
) -> None:
    earlier, refused = planned(switch, seconds=1), planned(switch, seconds=2)
    look = switch.look

    def fails(target: str, asked: Any) -> Outlook:
        switch.look = look  # type: ignore[method-assign]
        raise refusal

    switch.look = fails  # type: ignore[method-assign]
    with pytest.raises(type(refusal)):
        confirm(switch, claims, refused)
    assert confirm(switch, claims, earlier) == {"turned": 1}


def test_what_was_planned_before_a_change_ended_is_not_done_after_it(
    switch: Switch, claims: DynamoDbClaims
) -> None:
    """The state may be the same: a record that fails again is parked as before."""
    plan, late = planned(switch), planned(switch, seconds=9)
    confirm(switch, claims, plan)
    for again in (plan, late):
        with pytest.raises(Overtaken, match="confirmed since"):
            confirm(switch, claims, again, seconds=20)
    assert confirm(switch, claims, planned(switch, seconds=21), seconds=22) == {"turned": 2}


def test_a_change_whose_end_nobody_knows_holds_its_target_for_a_minute(
    switch: Switch, claims: DynamoDbClaims
) -> None:
    def silent() -> None:
        raise Unanswered("late")

    plan = planned(switch)
    switch.during = silent
    with pytest.raises(Unanswered):
        confirm(switch, claims, plan)
    switch.during = lambda: None
    with pytest.raises(Overtaken):
        confirm(switch, claims, planned(switch, seconds=60), seconds=65)
    confirm(switch, claims, planned(switch, seconds=71), seconds=72)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"dry_run": "yes"},
        {"dry_run": 0},
        {"dry_run": True, "more": 1},
        {"dry_run": False, "plan": "x"},
        {"dry_run": False, "plan": 5},
        {"dry_run": True, "plan": "0" * 64},
        {"dry_run": True, "records": []},
        {"dry_run": True, "records": [{"shard": "s"}]},
        {"dry_run": True, "records": [{"shard": "s", "sequence": ""}]},
        {"dry_run": True, "records": [{"shard": "s", "sequence": "1", "body": "x"}]},
        {"dry_run": True, "records": [{"shard": "s", "sequence": "1"}] * (MOST + 1)},
    ],
)
def test_a_request_of_another_form_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(said, Redrive)


def record(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "shard": "shard-1",
        "sequence": str(number),
        "reason": "unknown currency",
        "aggregate_id": "o-1",
        "version": 1,
        "parked_at": NOON,
        "redrivable": True,
        **changed,
    }


def redriving(parked: list[dict[str, Any]], **answers: Any) -> tuple[RedriveRecords, Answers]:
    sales = card("sales", show={"sales": "show"}, change={"redrive": {"sales": "redrive"}})
    said = Answers(show={"parked": parked, "next": answers.pop("next", None)}, **answers)
    return RedriveRecords(said, said, lambda: [card("orders"), sales]), said


ALL = Redrive(dry_run=True)


def test_a_redrive_is_of_exactly_the_records_that_were_shown() -> None:
    outcomes = [{"outcome": "redriven"}, {"outcome": "failed: KeyError: 'eur'"}]
    parked = [record(1), record(2), record(3, redrivable=False, aggregate_id=None)]
    action, said = redriving(parked, redrive={"parked": outcomes})
    outlook = action.look("sales", ALL)
    assert [it["sequence"] for it in outlook.items] == ["1", "2"]
    assert "2 parked records" in outlook.does[0]
    assert "1 of the list cannot be applied" in outlook.does[2]
    assert not outlook.capped
    assert action.carry_out("sales", ALL, outlook) == {
        "redriven": 1,
        "failed": 1,
        "not reached": 0,
        "first failure": "KeyError: 'eur'",
    }
    asked = said.asked["redrive"]
    assert asked["dry_run"] is False
    assert asked["records"] == [{"shard": "shard-1", "sequence": it} for it in "12"]


def test_a_long_list_is_cut_and_says_so() -> None:
    action, _ = redriving([record(it) for it in range(MOST + 1)])
    outlook = action.look("sales", ALL)
    assert (len(outlook.items), outlook.capped) == (MOST, True)
    action, _ = redriving([record(1)], next="more")
    assert action.look("sales", ALL).capped


def test_another_list_is_another_state() -> None:
    states = [
        redriving(parked)[0].look("sales", ALL).state
        for parked in ([record(1)], [record(2)], [record(1, reason="else")], [record(1)] * 2)
    ]
    assert len({repr(it) for it in states}) == len(states)


def test_what_is_not_there_is_not_redriven() -> None:
    action, _ = redriving([])
    with pytest.raises(NothingToChange, match="nothing is parked"):
        action.look("sales", ALL)
    with pytest.raises(NoSuchTarget):
        action.look("nobody", ALL)
    gone = msgspec.convert(
        {"dry_run": True, "records": [{"shard": "shard-1", "sequence": "9"}]}, Redrive
    )
    action, _ = redriving([record(1)])
    with pytest.raises(NothingToChange, match="not parked any more"):
        action.look("sales", gone)
    action, _ = redriving([record(1, redrivable=False)])
    with pytest.raises(NothingToChange, match="archive"):
        action.look("sales", ALL)
