"""What grows over a long run is found, and what only moves is not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.local.usage import (
    BESIDE,
    ENGINE,
    FUNCTIONS,
    Growth,
    Sample,
    TooShort,
    Use,
    growths,
    sample,
)

At = Callable[[int], Use]


def steady(_minute: int) -> Use:
    return Use(20, 50.0, 12.0)


def run(functions: At = steady, engine: At = steady, minutes: int = 60) -> dict[str, Growth]:
    samples = [
        Sample(
            minute * 60.0,
            minute * 30,
            {ENGINE: engine(minute), FUNCTIONS: functions(minute), BESIDE: steady(minute)},
            100.0 + minute,
        )
        for minute in range(1, minutes + 1)
    ]
    return {it.what: it for it in growths(samples)}


def test_what_is_steady_holds() -> None:
    assert all(it.holds for it in run().values())


def test_what_grows_while_it_warms_up_holds() -> None:
    assert all(it.holds for it in run(lambda minute: Use(20, 10.0 * min(minute, 14), 12)).values())


def test_one_moment_of_much_does_not_count() -> None:
    assert all(it.holds for it in run(lambda at: Use(20, 900.0 if at == 50 else 50.0, 12)).values())


@pytest.mark.parametrize(
    ("grows", "what"),
    [
        (lambda minute: Use(20, 50.0 + minute, 12), "memory of each: functions"),
        (lambda minute: Use(20, 50.0, 12 + minute), "handles of each: functions"),
        (lambda minute: Use(20 + minute, 50.0, 12), "processes: functions"),
    ],
)
def test_what_goes_on_growing_is_named(grows: At, what: str) -> None:
    assert [it.what for it in run(grows).values() if not it.holds] == [what]


def test_the_engine_keeps_the_tables_so_its_memory_has_no_limit_but_a_figure_an_order() -> None:
    found = run(engine=lambda minute: Use(1, 200.0 + 0.3 * minute, 80))
    assert all(it.holds for it in found.values())
    assert found["memory of each: engine"].an_order == pytest.approx(0.01)
    leaks = run(engine=lambda minute: Use(1, 200.0, 80 + minute))
    assert not leaks["handles of each: engine"].holds


@pytest.mark.parametrize("minutes", [0, 1])
def test_of_too_few_samples_nothing_is_said(minutes: int) -> None:
    with pytest.raises(TooShort):
        run(minutes=minutes)


def test_a_sample_counts_the_files_of_a_workspace_and_nobody_elses_processes(
    tmp_path: Path,
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "tables.json").write_bytes(os.urandom(3 * 1024 * 1024))
    found = sample(tmp_path, 1.0, 7)
    assert found.disk == pytest.approx(3.0, abs=0.1)
    assert found.orders == 7
    assert all(use.processes == 0 for use in found.uses.values())
