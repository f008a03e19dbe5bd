"""The simulation holds, repeats itself to the byte, and finds what is planted."""

from __future__ import annotations

import io
import sys

import pytest

from tools.simulation import __main__ as command
from tools.simulation import bugs
from tools.simulation.aws.functions import CREDENTIALS, Library
from tools.simulation.code import Code, Shared, Unplantable
from tools.simulation.dice import FAULTS, Dice
from tools.simulation.run import Options, simulate
from tools.simulation.world import World

SEEDS = range(1, 101)


@pytest.fixture(scope="module")
def library() -> Library:
    return Library({})


def trace_of(seed: int, library: Library) -> str:
    trace = io.StringIO()
    simulate(seed, library, Options(orders=1, busy_seconds=5), trace)
    return trace.getvalue()


def test_every_seed_holds(library: Library) -> None:
    violations = {seed: simulate(seed, library).violations for seed in SEEDS}
    assert not {seed: found for seed, found in violations.items() if found}


@pytest.mark.parametrize("seed", [7, 10], ids=["by the shortcut", "through the whole client"])
def test_the_same_seed_gives_the_same_trace_byte_for_byte(seed: int, library: Library) -> None:
    first = trace_of(seed, library)
    assert first == trace_of(seed, library)
    assert len(first.splitlines()) > 100
    library.check()  # nothing stayed in the modules


def test_a_trace_names_no_folder_of_the_machine() -> None:
    trace = io.StringIO()
    world = World(1, Dice(1, frozenset()), trace)
    world.tell("log", f'File "{bugs.FILE}"', f'File "{pytest.__file__}"')
    assert '"tools/simulation/bugs.toml"' in trace.getvalue()
    assert str(bugs.FILE.parents[2]) not in trace.getvalue()
    assert sys.prefix not in trace.getvalue()


def test_what_ran_before_does_not_change_a_seed(library: Library) -> None:
    simulate(8, library)
    assert trace_of(7, library) == trace_of(7, Library({}))


def test_what_a_module_keeps_for_all_processes_is_found() -> None:
    code = Code(["orders.handlers.place_order.handler"], {}, {}, dict(CREDENTIALS))
    code.check()
    cached = code.handlers["orders.handlers.place_order.handler"].__globals__
    cached["BROWSERS"]["one more"] = "header"
    with pytest.raises(Shared, match="BROWSERS"):
        code.check()


def test_another_seed_gives_another_trace(library: Library) -> None:
    assert trace_of(7, library) != trace_of(8, library)


def test_without_faults_nothing_fails_and_nothing_is_thrown(library: Library) -> None:
    result = simulate(3, library, Options(kinds=frozenset()))
    assert result.holds
    assert not result.faults.total()


def test_a_planted_bug_is_found(library: Library) -> None:
    bug = bugs.named("min-version-is-not-waited-for")
    assert command.found_by(bug, library) == 1


@pytest.mark.nightly
def test_a_planted_bug_is_shown_by_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--bug", "append-without-a-condition"]) == 1
    assert "VIOLATES (make simulate SEED=" in capsys.readouterr().out


@pytest.mark.nightly
def test_seeds_that_hold_end_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--seed", "1"]) == 0
    assert "1 seeds, 5 orders" in capsys.readouterr().out


def test_a_range_is_run_on_all_cores_and_told_in_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert command.main(["--seeds", "1-4"]) == 0
    told = capsys.readouterr().out.splitlines()
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert command.main(["--seeds", "1-4"]) == 0
    assert told[:-1] == capsys.readouterr().out.splitlines()[:-1]  # the last line has the rate
    assert told[-1].startswith("4 seeds, 20 orders, ")
    assert told[-1].endswith(" a second on one core: all held")


@pytest.mark.parametrize(
    "words",
    [
        *(["--seed", "seven"], ["--seeds", "1-x"], ["--seeds", "1-"], ["--seed", "\u0663"]),
        *(["--bug", "none"], ["--bugs", "none"], ["--bugs", "all,none"]),
    ],
)
def test_what_is_no_seed_or_bug_is_said(words: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"seeds are numbers|no bug"):
        command.main(words)


def test_every_bug_can_be_planted() -> None:
    for name, bug in bugs.catalogue().items():
        text = (bugs.FILE.parents[2] / "lambdas" / bug.file).read_text("utf-8")
        assert text.count(bug.before) == 1, name
        compile(text.replace(bug.before, bug.after), bug.file, "exec")


def test_a_bug_whose_text_is_gone_is_refused() -> None:
    plants = {"orders/commands.py": ("no such text", "")}
    with pytest.raises(Unplantable):
        Code(["orders.handlers.place_order.handler"], plants, {}, {})


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_every_planted_bug_is_found_within_its_seeds() -> None:
    known = bugs.catalogue()
    found = command.found_all(known.values())
    assert not [name for name, (seed, _) in zip(known, found, strict=True) if seed is None]


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_every_kind_of_fault_happens_and_is_borne(library: Library) -> None:
    results = [simulate(seed, library) for seed in range(1, 501)]
    assert not [result.seed for result in results if not result.holds]
    happened = {fault for result in results for fault in result.faults}
    assert happened == set(FAULTS)
