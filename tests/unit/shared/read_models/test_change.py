"""Operators change a view by its owner's function: what has changed meanwhile is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from shared.read_models.change import ViewChange
from shared.read_models.pointer import Pointer, PointerMoved
from shared.read_models.rebuild_runs import RebuildRuns, Run
from tests.support.fakes.dynamodb_expressions import refusal
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

NOON = "2026-12-01T12:00:00.000Z"


class Runs:
    """The machine: executions by name, and which of them runs."""

    def __init__(self) -> None:
        self.started: dict[str, Mapping[str, Any]] = {}
        self.at_work = False

    def running(self) -> Run | None:
        return Run(next(iter(self.started)), "RUNNING", NOON, None) if self.at_work else None

    def start(self, name: str, request: Mapping[str, Any]) -> bool:
        if name in self.started:
            return False
        self.started[name] = request
        self.at_work = True
        return True


class View:
    def __init__(self) -> None:
        self.runs = Runs()
        self.pointer = Pointer(DynamoDbInMemory({"views": ("pk",)}), "views", {"pk": {"S": "p"}})

    def change(self, what: str, live: str, beside: str | None = None) -> dict[str, Any]:
        request = {"change": what, "live": live, "beside": beside}
        return ViewChange(self.pointer, self.runs, 60).answer(request)

    def rebuilt(self) -> None:
        self.pointer.begin()
        self.pointer.switch("g2")


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> View:
    monkeypatch.setattr("shared.runtime.clock.now", lambda: NOON)
    return View()


def test_a_rebuild_is_started_once_and_a_second_one_joins_it(view: View) -> None:
    assert view.change("rebuild", "g1") == {
        "change": "rebuild",
        "generation": "g2",
        "joined": False,
    }
    assert view.change("rebuild", "g1")["joined"]
    [(name, request)] = view.runs.started.items()
    assert name == "build-g2-2026-12-01T1200"
    assert request["batch_seconds"] == 60
    assert set(request) == {"batch_seconds", "task_bytes", "partition_bytes"}


def test_a_rebuild_that_was_stopped_goes_on(view: View) -> None:
    view.pointer.begin()
    assert view.change("rebuild", "g1", "g2")["generation"] == "g2"


def test_one_that_ended_in_this_minute_is_not_taken_for_one_that_runs(view: View) -> None:
    view.change("rebuild", "g1")
    view.runs.at_work = False
    with pytest.raises(PointerMoved, match="ask again in a minute"):
        view.change("rebuild", "g1")


def test_a_rebuild_waits_for_the_end_of_what_was_kept(view: View) -> None:
    view.rebuilt()
    with pytest.raises(PointerMoved, match="retire g1 first"):
        view.change("rebuild", "g2", "g1")
    view.change("retire", "g2", "g1")
    view.runs.at_work = False
    with pytest.raises(PointerMoved, match="retire g1 first"):
        view.change("rebuild", "g2", "g1")


def test_back_is_made_once_by_two_who_saw_the_same(view: View) -> None:
    view.rebuilt()
    assert view.change("back", "g2", "g1")["generation"] == "g1"
    with pytest.raises(PointerMoved, match="it has changed meanwhile"):
        view.change("back", "g2", "g1")
    assert view.pointer.read().live == "g1"


def test_what_is_retired_is_erased_by_the_machine(view: View) -> None:
    view.rebuilt()
    assert view.change("retire", "g2", "g1")["generation"] == "g1"
    assert view.pointer.read().erasing == "g1"
    [(name, request)] = view.runs.started.items()
    assert name.startswith("erase-g1-")
    assert request == {"erase": "g1", "at": {"after": None}, "batch_seconds": 60}


def test_nothing_is_retired_under_a_machine_at_work(view: View) -> None:
    view.change("rebuild", "g1")
    view.pointer.begin()
    with pytest.raises(PointerMoved, match="at work"):
        view.change("retire", "g1", "g2")
    assert view.pointer.read().building == "g2"


@pytest.mark.parametrize("what", ["back", "retire"])
def test_where_there_is_one_generation_nothing_is_changed(view: View, what: str) -> None:
    with pytest.raises(PointerMoved, match="there is no"):
        view.change(what, "g1")


@pytest.mark.parametrize(
    "request_", [{}, {"change": "erase", "live": "g1"}, {"change": "back", "live": 1}]
)
def test_another_form_is_refused(view: View, request_: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        ViewChange(view.pointer, view.runs, 60).answer(request_)


def test_an_execution_that_has_ended_is_no_start_and_an_outage_is_raised() -> None:
    class States:
        def __init__(self, code: str) -> None:
            self.code = code

        def start_execution(self, **_: Any) -> None:
            raise refusal(self.code, "StartExecution")

    assert not RebuildRuns(States("ExecutionAlreadyExists"), "machine").start("a", {})
    with pytest.raises(ClientError):
        RebuildRuns(States("ThrottlingException"), "machine").start("a", {})
