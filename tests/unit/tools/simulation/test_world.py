"""The world lets everything happen in the order of its times, and gives each process a memory."""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tools.simulation.aws.bus import _Scheduled
from tools.simulation.aws.machines import _at_path, _filled
from tools.simulation.code import _Caches
from tools.simulation.dice import Dice
from tools.simulation.virtual import Present
from tools.simulation.world import World


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of a world has variables of its own; this one's come back after each test."""
    monkeypatch.setattr(os, "environ", os.environ)


@pytest.fixture
def world() -> Iterator[World]:
    Present.world = World(1, Dice(1, frozenset()))
    yield Present.world
    Present.world.end()
    Present.world = None


def test_who_waits_goes_on_in_the_order_of_time(world: World) -> None:
    seen: list[tuple[str, float]] = []

    def wait(name: str, *seconds: float) -> Callable[[], None]:
        def run() -> None:
            for each in seconds:
                world.pause(each)
                seen.append((name, round(world.elapsed, 3)))

        return run

    world.spawn("a", wait("a", 1, 3, 0.5))
    world.spawn("b", wait("b", 2, 0, 5))
    world.after(3.5, lambda: seen.append(("event", round(world.elapsed, 3))))
    assert not world.run(lambda: False, 60)
    assert seen == [
        *(("a", 1.0), ("b", 2.0), ("b", 2.0), ("event", 3.5)),
        *(("a", 4.0), ("a", 4.5), ("b", 7.0)),
    ]


def test_nobody_goes_on_after_the_end_of_a_run(world: World) -> None:
    seen: list[float] = []

    def run() -> None:
        world.pause(10)
        seen.append(world.elapsed)

    world.spawn("a", run)
    assert not world.run(lambda: False, 5)
    assert not seen
    world.run(lambda: False, 60)
    assert seen == [10]


def test_what_a_process_has_cached_is_not_seen_by_another(world: World) -> None:
    made = _Caches().functools().cache(object)
    seen: dict[str, list[object]] = {"one": [], "two": []}
    memories: dict[str, dict[Any, Any]] = {name: {} for name in seen}
    for name in ("one", "two", "one"):
        world.spawn(name, partial(_append, seen[name], made), memory=memories[name])
        world.run(lambda: False, 1)
    assert seen["one"][0] is seen["one"][1]
    assert seen["one"][0] is not seen["two"][0]


def _append(seen: list[object], made: Callable[[], object]) -> None:
    seen.append(made())


def test_a_schedule_is_left_out_only_where_it_would_find_nothing_again(world: World) -> None:
    runs: list[str] = []
    empty = True

    class Functions:
        def invoke(self, name: str, _event: Any, ended: Callable[..., None]) -> Any:
            runs.append(name)
            world.after(1, lambda: ended(None, None))
            return world.spawn(name, lambda: None)

    def tick(found_nothing: set[tuple[str, str]] | None) -> int:
        scheduled.begin()
        scheduled._looked_at = found_nothing
        return len(runs)

    scheduled = _Scheduled(world, Functions(), "Sweep", lambda _table, _index: empty)  # type: ignore[arg-type]
    world.dice.are_over = True
    assert tick({("Sagas", "open")}) == 1
    assert tick({("Sagas", "open")}) == 1  # the index is empty, as it was
    empty = False
    assert tick({("Sagas", "open")}) == 2
    empty = True
    assert tick(None) == 2
    assert tick({("Sagas", "open")}) == 3  # it had done something else
    world.dice.are_over = False
    assert tick({("Sagas", "open")}) == 4  # faults may happen


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$order", {"total": 5, "lines": [{"sku": "a"}]}),
        ("$order.total", 5),
        ("$order.lines", None),
        ("$order.lines.sku", None),
        ("$order.total > 3", None),
        ("$nothing.at.all", None),
    ],
)
def test_a_plain_path_is_what_jsonata_makes_of_it(path: str, found: Any) -> None:
    variables = {"order": {"total": 5, "lines": [{"sku": "a"}]}}
    assert _at_path(path, variables) == found
    if found is not None:
        by_jsonata = _filled(f"{{% ({path}) %}}", variables, {})  # in brackets it is no plain path
        assert by_jsonata == found


def test_nothing_is_left_of_a_world_that_has_ended() -> None:
    world = World(1, Dice(1, frozenset()))
    left = weakref.ref(world)
    world.spawn("waits", world.wait)
    world.spawn("has ended", lambda: None)
    world.run(lambda: False, 60)
    world.end()
    del world
    gc.collect()
    assert left() is None
