"""What the fault process answers, as the console's app reads it: `Faults` in web/src/faults.ts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tools.local.faults.books_light import Reading
from tools.local.faults.cards import Card
from tools.local.faults.customers import MOST, Going
from tools.local.faults.desk import Desk
from tools.local.faults.guide import Guide, Step, Walked

Json = dict[str, Any]


def moment(seconds: float) -> str:
    """RFC 3339, UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def faults(cards: Mapping[str, Card], desk: Desk, effects: Mapping[str, str]) -> list[Json]:
    """Every fault, and of those that are on: since when, until when, for whom, to what effect."""
    return [_fault(card, desk, effects) for card in cards.values()]


def _fault(card: Card, desk: Desk, effects: Mapping[str, str]) -> Json:
    active = desk.active.get(card.name)
    return {
        "name": card.name,
        "title": card.title,
        "does": card.does,
        "expect": card.expect,
        "undo": card.undo,
        "look": [{"address": address, "text": text} for address, text in card.look.items()],
        "choices": [{"name": name, "text": text} for name, text in card.choices.items()],
        "on": active
        and {
            "choice": active.choice,
            "by": active.by,
            "since": moment(active.since),
            "until": moment(active.until),
            "effect": effects.get(card.name),
        },
        "problem": desk.problems.get(card.name),
    }


def tour(guide: Guide) -> list[Json]:
    """Every step, and how it went last."""
    return [_step(it, guide.walked[it.name]) for it in guide.steps]


def _step(step: Step, walked: Walked) -> Json:
    return {
        "name": step.name,
        "title": step.title,
        "shows": step.shows,
        "state": walked.state,
        "lines": [
            {"at": moment(it.at), "text": it.text, "address": it.address or None}
            for it in list(walked.lines)
        ],
        "seconds": None if walked.seconds is None else round(walked.seconds, 1),
        "problem": walked.problem,
    }


def load(going: Going) -> Json:
    """The load, in orders a second."""
    return {
        "rate": going.rate,
        "most": MOST,
        "achieved": round(going.achieved, 2),
        "placed": going.placed,
        "refused": going.refused,
        "left_out": going.left_out,
        "until": None if going.until is None else moment(going.until),
    }


def books(reading: Reading | None, problem: str | None) -> Json:
    """The books' light; ``as_of`` is null before the first reading."""
    if reading is None:
        unread = {"state": "unknown", "orders": 0, "under_way": 0, "findings": [], "excused": 0}
        return {"as_of": None, **unread, "capped": False, "problem": problem}
    return {
        "as_of": moment(reading.at),
        "state": reading.state,
        "orders": reading.orders,
        "under_way": reading.under_way,
        "findings": list(reading.findings),
        "capped": reading.capped,
        "excused": reading.excused,
        "problem": problem,
    }
