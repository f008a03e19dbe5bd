"""A fault ends when it is undone, when its time is over, and after a crash."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tools.local.faults.desk import AlreadyOn, Desk, NoChoice, NotCaused, UnknownFault
from tools.local.faults.note import Active, Note

SECONDS = 120.0


@dataclass
class Plug:
    """A fault that is in or out, and may refuse either."""

    choices: tuple[str, ...] = ("left", "right")
    is_in: str = ""
    undone: int = 0
    refuses: list[str] = field(default_factory=list)

    def cause(self, choice: str) -> None:
        self.is_in = choice
        if "cause" in self.refuses:
            raise ConnectionError("nobody answers")

    def undo(self) -> None:
        if "undo" in self.refuses:
            raise ConnectionError("nobody answers")
        self.is_in = ""
        self.undone += 1


@dataclass
class Bench:
    """A desk with two plugs and a clock that a test turns."""

    folder: Path
    now: float = 1000.0
    plugs: dict[str, Plug] = field(default_factory=lambda: {"a": Plug(), "b": Plug()})

    def desk(self) -> Desk:
        return Desk(self.plugs, self.note, SECONDS, lambda: self.now)

    @property
    def note(self) -> Note:
        return Note(self.folder / "note.json")

    @property
    def noted(self) -> set[str]:
        return set(self.note.read() or {})


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_fault_is_on_until_its_time_is_over(bench: Bench) -> None:
    desk = bench.desk()
    assert desk.cause("a", "right", "ann") == Active("a", "right", "ann", 1000.0, 1120.0)
    bench.now += SECONDS - 1
    desk.look()
    assert bench.plugs["a"].is_in == "right"
    bench.now += 1
    desk.look()
    assert bench.plugs["a"].is_in == ""
    assert (desk.active, bench.noted) == ({}, set())


def test_undoing_ends_it_at_once_and_again_does_nothing(bench: Bench) -> None:
    desk = bench.desk()
    desk.cause("a", "left", "ann")
    desk.cause("b", "left", "bea")
    assert desk.undo("a") is True
    assert desk.undo("a") is False
    assert (bench.plugs["a"].undone, set(desk.active), bench.noted) == (1, {"b"}, {"b"})
    desk.undo_all()
    assert (bench.plugs["b"].is_in, bench.noted) == ("", set())


def test_it_is_noted_before_it_is_caused(bench: Bench) -> None:
    noted: list[set[str]] = []
    plug = bench.plugs["a"]

    class Looking(Plug):
        def cause(self, choice: str) -> None:
            noted.append(bench.noted)

    bench.plugs["a"] = Looking()
    bench.desk().cause("a", "left", "ann")
    assert noted == [{"a"}]
    assert plug.is_in == ""


def test_a_desk_that_begins_after_a_crash_undoes_what_was_on(bench: Bench) -> None:
    bench.desk().cause("a", "left", "ann")
    after = bench.desk()
    assert bench.plugs["a"].is_in == "left"
    after.look()
    assert bench.plugs["a"].is_in == ""
    assert bench.plugs["b"].undone == 0
    assert bench.noted == set()


@pytest.mark.parametrize("damaged", ["", "{", "[1]", '[{"fault": "a"}]', "[null]", "\0\0"])
def test_a_note_that_cannot_be_read_undoes_everything(bench: Bench, damaged: str) -> None:
    (bench.folder / "note.json").write_text(damaged)
    bench.plugs["a"].is_in = "left"
    bench.desk().look()
    assert [it.undone for it in bench.plugs.values()] == [1, 1]
    assert bench.noted == set()


def test_a_note_of_a_fault_that_there_is_no_more_is_left_behind(bench: Bench) -> None:
    gone = {"fault": "gone", "choice": "x", "by": "ann", "since": 1.0, "until": 2.0}
    (bench.folder / "note.json").write_text(json.dumps([gone]))
    desk = bench.desk()
    desk.look()
    assert desk.active == {}


def test_what_cannot_be_undone_is_tried_again_and_stays_noted(bench: Bench) -> None:
    desk = bench.desk()
    desk.cause("a", "left", "ann")
    bench.plugs["a"].refuses = ["undo"]
    desk.undo("a")
    assert desk.problems == {"a": "ConnectionError: nobody answers"}
    assert bench.noted == {"a"}
    bench.plugs["a"].refuses = []
    bench.now += 1
    desk.look()
    assert bench.plugs["a"].is_in == "left", "it is not tried in each moment"
    bench.now += 2
    desk.look()
    assert bench.plugs["a"].is_in == ""
    assert (desk.problems, bench.noted) == ({}, set())


def test_one_that_could_only_be_caused_half_is_undone(bench: Bench) -> None:
    desk = bench.desk()
    bench.plugs["a"].refuses = ["cause"]
    with pytest.raises(NotCaused, match="nobody answers"):
        desk.cause("a", "left", "ann")
    assert (bench.plugs["a"].is_in, bench.noted) == ("", set())


def test_what_is_on_is_not_caused_again(bench: Bench) -> None:
    desk = bench.desk()
    desk.cause("a", "left", "ann")
    with pytest.raises(AlreadyOn):
        desk.cause("a", "right", "bea")
    assert bench.plugs["a"].is_in == "left"


def test_what_is_unknown_is_refused(bench: Bench) -> None:
    desk = bench.desk()
    with pytest.raises(UnknownFault):
        desk.cause("c", "left", "ann")
    with pytest.raises(UnknownFault):
        desk.undo("c")
    with pytest.raises(NoChoice):
        desk.cause("a", "up", "ann")
    assert bench.noted == set()
