"""What a benchmark's result says: targets that cap and targets that ask for more, and a miss."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools.measure.benchmarks import __main__ as command
from tools.measure.benchmarks.claims import Result, absolute, at_least, at_most, ratio
from tools.measure.benchmarks.pace import NOMINAL_SECONDS, pace


def test_a_ratio_is_that_of_the_medians_and_its_spread_that_of_the_rounds() -> None:
    result = ratio("import", [10, 20, 90], [100, 100, 100], at_most(0.25, aim=0.18), both_in="ms")
    assert result.value == 0.2
    assert result.spread == (0.1, 0.9)
    assert result.holds
    assert result.reaches_aim is False


def test_rounds_of_both_sides_must_be_paired() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratio("import", [10, 20], [100], both_in="ms")


@pytest.mark.parametrize(
    ("limit", "value", "holds"),
    [
        (at_most(2.0), 2.0, True),
        (at_most(2.0), 2.1, False),
        (at_least(3.5), 3.5, True),
        (at_least(3.5), 3.4, False),
        (None, 1e9, True),
    ],
)
def test_a_target_is_met_on_its_own_side(limit: object, value: float, holds: bool) -> None:
    assert Result("claim", value, "s", limit).holds is holds  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "additions", "status"),
    [(1.0, 0.23, 0), (3.0, 0.23, 1), (3.0, 0.46, 0), (1.5, 0.115, 1)],
)
def test_a_missed_target_is_the_exit_status_and_is_kept_in_either_case(
    seconds: float, additions: float, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(*, quick: bool) -> list[Result]:
        return [absolute("a claim", [seconds], "s", at_most(2.0), quick=quick)]

    monkeypatch.setattr(command, "RESULTS", tmp_path / "benchmarks.json")
    monkeypatch.setattr(command, "seconds_of_additions", lambda: additions)
    monkeypatch.setitem(
        sys.modules, "tools.measure.benchmarks.synth", SimpleNamespace(measure=measure)
    )
    assert command.main(["--quick", "synth"]) == status
    kept = json.loads((tmp_path / "benchmarks.json").read_text())
    assert kept["command"] == "python -m tools.measure.benchmarks --quick synth"
    assert kept["results"]["synth"][0]["holds"] is (status == 0)
    assert kept["results"]["synth"][0]["details"] == {"quick": True}


def test_an_unknown_name_is_refused_before_anything_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        command.main(["warp_speed"])
    assert "no benchmark warp_speed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("unit", "judged"), [("s", 5.0), ("ms", 5.0), ("events/s", 20.0), ("x", 10.0), ("MB", 10.0)]
)
def test_times_and_rates_are_judged_at_the_nominal_pace_and_nothing_else(
    unit: str, judged: float
) -> None:
    assert Result("a claim", 10.0, unit, pace=0.5).at_nominal_pace == judged


def test_a_machine_that_takes_twice_as_long_has_half_the_pace() -> None:
    assert pace(2 * NOMINAL_SECONDS, 2 * NOMINAL_SECONDS) == 0.5
