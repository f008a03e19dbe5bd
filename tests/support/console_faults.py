"""What the fault process answers, for its screens' own tests: its real cards, nothing is caused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support import console_answers as recorded
from tools.base.workspace import Workspace
from tools.local.faults import answers
from tools.local.faults.books_light import Reading
from tools.local.faults.cards import cards
from tools.local.faults.customers import Going
from tools.local.faults.deployed import Deployed
from tools.local.faults.desk import Desk
from tools.local.faults.guide import Guide, Line, Walked
from tools.local.faults.later_steps import LaterSteps
from tools.local.faults.note import Note
from tools.local.faults.ordering import Ordering
from tools.local.faults.steps import OrderSteps

Document = dict[str, Any]
SECONDS = 120.0


def faults() -> Document:
    """Nothing is on, and the books agree."""
    nowhere = Path("/nowhere")
    known = cards(Deployed(Workspace(nowhere)), SECONDS)
    desk = Desk({name: it.fault for name, it in known.items()}, Note(nowhere / "note"), SECONDS)
    at = recorded.START.timestamp()
    return {
        "as_of": recorded.moment(),
        "operator": "operator",
        "seconds": SECONDS,
        "faults": answers.faults(known, desk, {}),
        "load": answers.load(Going(0.0, 0.0, 0, 0, 0, None)),
        "books": answers.books(Reading(at, 0.1, "agree", 12, 1, (), False, 0), None),
    }


def tour() -> Document:
    """The first step is done, and the others are not begun."""
    nowhere = Path("/nowhere")
    deployed = Deployed(Workspace(nowhere))
    parts = (deployed, Desk({}, Note(nowhere / "note"), SECONDS), Ordering(deployed))
    guide = Guide([*OrderSteps(*parts).steps(), *LaterSteps(*parts).steps()])
    line = Line(recorded.START.timestamp(), "Order 9e95049f is placed.", "#/orders/9e95049f")
    guide.walked["place"] = Walked("done", [line], 1.2)
    document = {"as_of": recorded.moment(), "longest_seconds": 20.0}
    return document | {"steps": answers.tour(guide)}


def begin(state: Document, name: str) -> tuple[int, Document]:
    """What beginning a step does to the tour that was told before: it fails at once."""
    [step] = [it for it in state["steps"] if it["name"] == name]
    lines = [{"at": recorded.moment(), "text": "Caused: declined payment.", "address": "#/faults"}]
    step |= {"state": "failed", "lines": lines, "seconds": 0.4, "problem": "it is still placed"}
    return 200, state


def answer(state: Document, path: str, asked: Document) -> tuple[int, Document]:
    """What a POST to the process does to what it told before, and its answer."""
    far = "2126-11-26T14:00:00.000Z"
    match path.split("/"):
        case ["faults", name]:
            [fault] = [it for it in state["faults"] if it["name"] == name]
            if fault["on"]:
                return 409, {"title": "It is on already", "status": 409, "detail": "undo it first"}
            by = {"by": "operator", "since": recorded.moment(), "until": far}
            fault["on"] = {"choice": asked["choice"], **by, "effect": "payments declined since: 3"}
        case ["faults", name, "undo"]:
            [fault] = [it for it in state["faults"] if it["name"] == name]
            fault["on"] = None
        case ["undo"]:
            for fault in state["faults"]:
                fault["on"] = None
            state["load"] |= {"rate": 0.0, "until": None}
        case ["load"]:
            state["load"] |= {"rate": asked["rate"], "until": far, "achieved": 4.8, "placed": 31}
    return 200, state
