"""Operators have a consumer pass one record by, or forget it, as its owner judges."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from console.adapters.changing_records import Discard, DiscardRecord, Park, ParkRecord
from console.domain.plan import NoSuchTarget, NothingToChange, Overtaken
from tests.unit.console.test_changing import record
from tests.unit.console.test_timeline import Answers, card

PLACE = {"shard": "shard-1", "sequence": "1"}
ASKED = msgspec.convert({"dry_run": True, "record": PLACE}, Discard)


def judged(outcome: str | None) -> dict[str, Any]:
    return {"parked": [] if outcome is None else [{**record(1), "outcome": outcome}]}


def action(outcome: str | None) -> tuple[DiscardRecord, Answers]:
    sales = card("sales", show={"sales": "show"}, change={"redrive": {"sales": "redrive"}})
    said = Answers(redrive=judged(outcome))
    return DiscardRecord(said, said, lambda: [sales]), said


def test_a_plan_shows_the_record_and_changes_nothing() -> None:
    discard, said = action("can be discarded")
    outlook = discard.look("sales", ASKED)
    assert [{name: it[name] for name in PLACE} for it in outlook.items] == [PLACE]
    assert "never apply it" in outlook.does[0]
    assert said.asked["redrive"] == {"discard": PLACE, "dry_run": True}


def test_a_confirmation_discards_that_record_alone() -> None:
    discard, said = action("discarded")
    outlook = action("can be discarded")[0].look("sales", ASKED)
    assert discard.carry_out("sales", ASKED, outlook) == {"discarded": True}
    assert said.asked["redrive"] == {"discard": PLACE, "dry_run": False}


@pytest.mark.parametrize(
    ("outcome", "why"), [("refused: o-1 is stalled at version 2", "stalled"), (None, "not parked")]
)
def test_what_an_order_waits_for_stays(outcome: str | None, why: str) -> None:
    outlook = action("can be discarded")[0].look("sales", ASKED)
    discard, _ = action(outcome)
    with pytest.raises(NothingToChange, match=why):
        discard.look("sales", ASKED)
    with pytest.raises(Overtaken, match=why):
        discard.carry_out("sales", ASKED, outlook)


def test_a_record_that_was_parked_anew_is_another_state() -> None:
    before = action("can be discarded")[0].look("sales", ASKED).state
    discard, said = action("can be discarded")
    said.of["redrive"]["parked"][0]["reason"] = "another"
    assert discard.look("sales", ASKED).state != before


def test_nobody_is_asked_for_a_consumer_that_there_is_not() -> None:
    discard, said = action("can be discarded")
    with pytest.raises(NoSuchTarget):
        discard.look("nobody", ASKED)
    assert said.asked == {}


@pytest.mark.parametrize(
    "said",
    [
        {"dry_run": True},
        {"dry_run": True, "record": None},
        {"dry_run": True, "record": [PLACE]},
        {"dry_run": True, "record": {**PLACE, "body": "x"}},
        {"dry_run": True, "record": {"shard": "s" * 129, "sequence": "1"}},
    ],
)
def test_a_request_of_another_form_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(said, Discard)


TO_PARK = msgspec.convert({"dry_run": True, "record": PLACE, "reason": "crashes sales"}, Park)


def parking(outcome: str | None, **changed: Any) -> tuple[ParkRecord, Answers]:
    discard, said = action(outcome)
    for it in said.of["redrive"]["parked"]:
        it.update(changed)
    return ParkRecord(said, said, discard._cards), said


def test_a_record_that_crashes_its_consumer_is_set_aside_for_a_reason() -> None:
    park, said = parking("can be set aside")
    outlook = park.look("sales", TO_PARK)
    asked = {"set_aside": {**PLACE, "reason": "crashes sales"}}
    assert said.asked["redrive"] == {**asked, "dry_run": True}
    later, _ = parking("can be set aside", parked_at="2026-12-01T12:00:01.000Z")
    assert later.look("sales", TO_PARK).state == outlook.state, "it is confirmed a moment later"
    other, _ = parking("can be set aside", aggregate_id="o-2")
    assert other.look("sales", TO_PARK).state != outlook.state

    park, said = parking("set aside")
    assert park.carry_out("sales", TO_PARK, outlook) == {"set aside": True}
    assert said.asked["redrive"] == {**asked, "dry_run": False}


@pytest.mark.parametrize(
    ("outcome", "why"), [("refused: it is parked already", "already"), (None, "no such record")]
)
def test_what_is_parked_or_not_there_is_not_set_aside(outcome: str | None, why: str) -> None:
    park, _ = parking(outcome)
    with pytest.raises(NothingToChange, match=why):
        park.look("sales", TO_PARK)


@pytest.mark.parametrize("reason", ["", "x" * 201, None, 5])
def test_a_reason_is_a_text_of_some_length(reason: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"dry_run": True, "record": PLACE, "reason": reason}, Park)
