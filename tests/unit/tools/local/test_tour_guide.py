"""The tour walks one step at a time, ends each in time, and says why one failed."""

from __future__ import annotations

import threading

import pytest

from tools.local.faults import guide as guides
from tools.local.faults.guide import Guide, Step, StepFailed, StepRuns, UnknownStep, Walk


def step(walk: object, name: str = "one") -> Step:
    return Step(name, "One", "it shows", walk)  # type: ignore[arg-type]


def ended(guide: Guide, name: str = "one") -> guides.Walked:
    for thread in threading.enumerate():
        if thread.name == guides.THREAD:
            thread.join(5)
    return guide.walked[name]


def test_a_step_tells_what_it_found() -> None:
    def walk(walk: Walk, operator: str) -> None:
        walk.tell(f"for {operator}", "#/orders")

    guide = Guide([step(walk)])
    assert guide.walked["one"].state == "not begun"
    guide.begin("one", "ann")
    walked = ended(guide)
    assert (walked.state, walked.problem) == ("done", None)
    assert [(it.text, it.address) for it in walked.lines] == [("for ann", "#/orders")]
    assert walked.seconds is not None


@pytest.mark.parametrize(
    ("error", "said"),
    [(StepFailed("it is placed"), "it is placed"), (KeyError("x"), "KeyError: 'x'")],
)
def test_a_step_that_fails_says_why_and_can_be_walked_again(error: Exception, said: str) -> None:
    errors = [error]

    def walk(walk: Walk, operator: str) -> None:
        if errors:
            raise errors.pop()

    guide = Guide([step(walk)])
    guide.begin("one", "ann")
    walked = ended(guide)
    assert (walked.state, walked.problem) == ("failed", said)
    guide.begin("one", "ann")
    assert ended(guide).state == "done"


def test_one_step_at_a_time() -> None:
    go_on = threading.Event()
    guide = Guide([step(lambda *_: go_on.wait(5)), step(lambda *_: None, "two")])
    guide.begin("one", "ann")
    for name in ("one", "two"):
        with pytest.raises(StepRuns):
            guide.begin(name, "bea")
    go_on.set()
    assert ended(guide).state == "done"
    guide.begin("two", "bea")
    with pytest.raises(UnknownStep):
        guide.begin("three", "ann")


def test_a_step_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guides, "LONGEST_SECONDS", 0.0)
    monkeypatch.setattr(guides, "PAUSE_SECONDS", 0.001)
    looked: list[int] = []

    def look() -> bool:
        looked.append(1)
        return False

    with pytest.raises(StepFailed, match="the order is confirmed"):
        Walk().until(look, "the order is confirmed")
    assert looked
