"""Operators plan and confirm changes of views; their owners do them, or refuse."""

from __future__ import annotations

from typing import Any

import pytest

from console.adapters.changing_views import ChangeView, RebuildView, RetireGeneration, TakeViewBack
from console.commands.changing import Change
from console.domain.plan import NoSuchTarget, NothingToChange, Outlook, Overtaken
from console.ports import FunctionFailed, Unanswered
from tests.unit.console.test_timeline import Answers, card
from tests.unit.console.test_views import KEPT, generation

CARDS = [
    card("sales", views=["sales"], show={"sales": "show"}, change={"view": {"sales": "change"}}),
    card("orders", show={"bus-publisher": "p"}, change={"redrive": {"bus-publisher": "r"}}),
]
DONE = {"change": "back", "generation": "g1", "joined": False}
FIRST = [generation("g1", "served")]
FILLED = [*FIRST, generation("g2", "filled")]
ERASED = [generation("g2", "served"), generation("g1", "erased")]


class View:
    def __init__(self, *generations: dict[str, Any], answer: Any = DONE) -> None:
        self.answers = Answers(show={"generations": list(generations)}, change=answer)

    def action(self, name: str) -> ChangeView:
        actions = {it.name: it for it in (RebuildView, TakeViewBack, RetireGeneration)}
        return actions[name](self.answers, self.answers, lambda: CARDS)

    def look(self, name: str, target: str = "sales") -> Outlook:
        return self.action(name).look(target, Change(dry_run=True))

    def do(self, name: str) -> Any:
        outlook = self.look(name)
        return self.action(name).carry_out("sales", Change(dry_run=False), outlook)


@pytest.mark.parametrize(
    ("name", "generations", "says"),
    [
        ("rebuild", FIRST, "fills a new generation"),
        ("rebuild", FILLED, "goes on filling g2"),
        ("back", KEPT, "g1 is served in place of g2, at once."),
        ("retire", KEPT, "its 3 items are erased for good. There is no way back"),
        ("retire", FILLED, "all its items are erased for good. What was filled of it is lost"),
        ("retire", ERASED, "erased for good"),
    ],
)
def test_a_plan_says_what_is_done_and_what_is_lost(
    name: str, generations: list[dict[str, Any]], says: str
) -> None:
    outlook = View(*generations).look(name)
    assert says in " ".join(outlook.does)
    assert [it["name"] for it in outlook.items] == [it["name"] for it in generations]


@pytest.mark.parametrize(
    ("name", "generations"),
    [("rebuild", KEPT), ("back", FIRST), ("retire", FIRST), ("back", FILLED), ("rebuild", ERASED)],
)
def test_what_the_generations_do_not_admit_is_no_plan(
    name: str, generations: list[dict[str, Any]]
) -> None:
    with pytest.raises(NothingToChange):
        View(*generations).look(name)


def test_the_owner_is_asked_with_what_was_seen() -> None:
    view = View(*KEPT)
    assert view.do("back") == {"generation": "g1", "joined": False}
    assert view.answers.asked["change"] == {"change": "back", "live": "g2", "beside": "g1"}


def test_what_changed_is_another_state_and_what_its_owner_refuses_is_overtaken() -> None:
    assert View(*KEPT).look("retire").state != View(*FILLED).look("retire").state
    with pytest.raises(Overtaken):
        View(*KEPT, answer=FunctionFailed("PointerMoved")).do("back")
    with pytest.raises(FunctionFailed):
        View(*KEPT, answer=FunctionFailed("KeyError")).do("back")
    with pytest.raises(Unanswered):
        View(*KEPT, answer=Unanswered("gone")).do("back")


@pytest.mark.parametrize("target", ["nobody", "bus-publisher", ""])
def test_what_is_no_view_cannot_be_changed(target: str) -> None:
    with pytest.raises(NoSuchTarget):
        View(*KEPT).look("retire", target)
