"""Figures reach the page as they were measured, and replace the ones before."""

from pathlib import Path
from typing import Any

import pytest

from tools.measure.benchmarks.claims import Result, at_least, at_most, ratio
from tools.measure.benchmarks.record import BEGIN, END, record


def kept(*results: Result) -> dict[str, Any]:
    """What a run leaves behind."""
    return {
        "measured_at": "2026-11-22T06:00:00+00:00",
        "command": "python -m tools.measure.benchmarks",
        "machine": {
            "system": "Linux",
            "processors": 2,
            "python": "3.11",
            "load_average": [1, 2, 3],
        },
        "results": {"place_order_warm": [result.document() for result in results]},
    }


def test_new_figures_replace_the_ones_before_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(f"# Benchmarks\n{BEGIN}old figures\n{END}## Method\n")
    record(kept(ratio("warm", [40], [10], at_least(3.5, aim=4.5), both_in="orders/s")), page)
    text = page.read_text()
    assert "old figures" not in text
    assert "| warm | 4.00 x (40.0 : 10.0 orders/s) |  | 4.00 to 4.00 | ≥ 3.5 | ≥ 4.5 |" in text
    assert "ok, not the aim" in text
    assert text.startswith("# Benchmarks\n")
    assert text.endswith("## Method\n")


def test_rows_of_another_run_stay_with_the_run_that_measured_them(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(BEGIN + END)
    both = kept(ratio("warm", [40], [10], both_in="orders/s"))
    both["results"]["saga"] = [Result("confirmed order", 10, "transitions").document()]
    record(both, page)
    later = kept(ratio("warm", [50], [10], both_in="orders/s"))
    record(later | {"command": "python -m tools.measure.benchmarks place_order_warm"}, page)
    text = page.read_text()
    assert "1. `python -m tools.measure.benchmarks place_order_warm`" in text
    assert "2. `python -m tools.measure.benchmarks`" in text
    (warm,) = [line for line in text.splitlines() if line.startswith("| place_order_warm")]
    assert "5.00 x" in warm
    assert warm.endswith("| 1 |")
    (saga,) = [line for line in text.splitlines() if line.startswith("| saga")]
    assert saga.endswith("| 2 |")
    record({**both, "measured_at": "2026-11-23T06:00:00+00:00"}, page)
    assert "2. " not in page.read_text()


def test_a_missed_target_is_not_hidden(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(BEGIN + END)
    record(kept(ratio("warm", [30], [10], at_least(3.5), both_in="orders/s")), page)
    assert "**missed**" in page.read_text()


def test_a_page_without_a_place_for_figures_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n")
    with pytest.raises(ValueError, match="both marks"):
        record(kept(), page)


def test_a_time_is_shown_as_it_was_and_as_it_would_be_at_the_nominal_pace(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(BEGIN + END)
    slow = Result("make up", 30, "s", at_most(20), pace=0.5)
    record(kept(slow), page)
    assert "| make up | 30.0 s | 15.0 s |  | ≤ 20 |  | ok | 1 |" in page.read_text()
