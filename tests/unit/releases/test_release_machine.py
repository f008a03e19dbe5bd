"""Whatever fails once a release has begun, the machine rolls back; nothing is promoted unseen."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.releases_machine import STEP_SECONDS, release_machine

STATES: dict[str, Any] = release_machine()["States"]
BEGUN = [
    name
    for name, it in STATES.items()
    if it["Type"] == "Task" and name not in ("Check", "Roll back")
]


@pytest.mark.parametrize("name", BEGUN)
def test_an_error_or_a_silence_of_any_step_leads_back(name: str) -> None:
    [catch] = STATES[name]["Catch"]
    assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "Roll back")
    assert STATES[name]["TimeoutSeconds"] == STEP_SECONDS, "a step without an answer ends, too"
    assert "Retry" not in STATES[name], "nobody knows whether it was taken"


def test_a_release_that_may_not_begin_touches_nothing() -> None:
    [catch] = STATES["Check"]["Catch"]
    assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "Refused")


def test_the_way_back_is_tried_again_and_ends_in_a_failure_that_says_which() -> None:
    back = STATES["Roll back"]
    assert back["Retry"][0]["ErrorEquals"] == ["States.ALL"]
    assert back["Retry"][0]["MaxAttempts"] >= 5
    assert back["Next"] == "Rolled back"
    assert back["Catch"][0]["Next"] == "Not rolled back"
    errors = {STATES[name]["Error"] for name in ("Rolled back", "Not rolled back", "Refused")}
    assert errors == {"RolledBack", "NotRolledBack", "Refused"}


def test_only_an_observation_leads_to_more_calls_and_an_unknown_word_leads_back() -> None:
    choice = STATES["What follows?"]
    leads = {it["Next"]: it["Condition"] for it in choice["Choices"]}
    assert set(leads) == {"Continue", "Promoted", "Wait"}
    assert choice["Default"] == "Roll back"
    before = {name for name, it in STATES.items() if it.get("Next") == "What follows?"}
    assert before == {"Observe"}
    assert not [name for name, it in STATES.items() if it.get("Next") in ("Continue", "Promoted")]
