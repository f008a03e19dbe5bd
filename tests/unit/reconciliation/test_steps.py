"""A comparison in bounded steps: what is read, what is said, and what is repaired."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from reconciliation.commands.reading import SEGMENTS
from reconciliation.commands.run_notes import Day, Missing, NotReady
from reconciliation.commands.steps import NAMED, WORK_SECONDS
from reconciliation.domain.comparison import ARCHIVE, LOG, PLACES, STORE, Name
from tests.support.fakes.places_in_memory import MOST, World, integration_event, order_id, placed

STATE = 256 * 1024
"""Bytes that a state machine passes on from one state to the next (Step Functions quotas)."""


def missing(concluded: dict[str, Any]) -> dict[str, int]:
    return {place: concluded["missing"][place]["count"] for place in PLACES}


@pytest.mark.parametrize("hours", [73, None])
def test_while_all_hold_the_same_nothing_is_missing(hours: int | None) -> None:
    world = World()
    world.put([placed(n, n) for n in range(1, 30)], *PLACES)
    world.put([integration_event(n, n) for n in range(1, 30)], LOG, ARCHIVE)
    found = world.run(hours)
    assert missing(found) == dict.fromkeys(PLACES, 0)
    assert found["places"]["log"] == found["places"]["archive"]
    assert [found["places"][it]["events"] for it in PLACES] == [29, 58, 58]
    assert found["differing"] == {"count": 0, "hours": []}
    assert found["unreadable"] == 0


def test_of_what_happened_long_ago_a_window_reads_neither_store_nor_archive() -> None:
    world = World()
    old, young = placed(1, 24 * 100), placed(2, 2)
    world.put([old], STORE)
    world.put([young], *PLACES)
    for day in range(90, 200):
        world.put([placed(day, 24 * day)], ARCHIVE)
    read: list[str] = []
    get_object = world.s3.get_object
    world.s3.get_object = lambda **it: read.append(it["Key"]) or get_object(**it)  # type: ignore[method-assign,func-returns-value]
    found = world.run(73)
    assert missing(found) == dict.fromkeys(PLACES, 0)
    assert read == [key for key in world.s3.objects if young.occurred_at[:10] in key]
    assert {name for name, _ in world.functions.asked} == {"list"}
    assert missing(world.run(None))[STORE] == 110


@pytest.mark.parametrize("hours", [73, None])
def test_what_is_missing_is_named_published_and_archived_once(hours: int | None) -> None:
    world = World()
    world.put([placed(n, n) for n in range(1, 20)], *PLACES)
    world.put([placed(20, 30)], STORE)
    world.put([placed(21, 30)], STORE, LOG)
    world.put([integration_event(22, 30)], LOG)
    world.put([integration_event(23, 30)], ARCHIVE)
    found = world.run(hours)
    assert missing(found) == {STORE: 0, LOG: 2, ARCHIVE: 3}
    assert order_id(20) in {name["id"] for name in found["missing"][ARCHIVE]["names"]}
    assert (found["republished"], found["back_filled"]) == (0, 0), "a dry run changed it"
    repaired = world.run(hours, repair=True)
    assert (repaired["republished"], repaired["back_filled"]) == (2, 3)
    left = missing(world.run(hours, repair=True))
    assert (left[LOG], left[ARCHIVE]) == (0, 0)
    again = world.run(hours, repair=True)
    assert (again["republished"], again["back_filled"]) == (0, 0)


def test_a_hundred_integration_events_of_the_largest_size_pass_no_call_that_lambda_refuses() -> (
    None
):
    world = World()
    integration_events = [integration_event(n, 2, size=254 * 1024) for n in range(100)]
    world.put(integration_events, ARCHIVE)
    found = world.run(73, repair=True)
    assert found["republished"] == 100
    assert len(world.log.bodies) == 100
    assert max(world.functions.sizes) < MOST


def test_the_relay_is_asked_for_few_events_at_a_time() -> None:
    world = World()
    world.put([placed(n, 2) for n in range(250)], STORE)
    assert world.run(73, repair=True)["republished"] == 250
    asked = [it["republish"] for name, it in world.functions.asked if name == "relay"]
    assert max(sum(len(o["versions"]) for o in one) for one in asked) <= 100


def test_after_years_the_conclusion_still_fits_and_says_what_it_leaves_out() -> None:
    world = World()
    steps = world.steps("run-1")
    steps.plan(None, 0)
    for task in range(SEGMENTS + 1):
        steps.read(task)
    held = {place: {"events": 1, "hash": "f" * 16} for place in PLACES}
    days = [f"{year}-{month:02d}-{day:02d}" for year in (2026, 2027, 2028)
            for month in range(1, 13) for day in range(1, 31)]  # fmt: skip
    world.scratch.objects["run-1/days.json"] = msgspec.json.encode(
        [{"day": day, "marks": 24} for day in days]
    )
    names = {f"{n:016x}": Name(order_id(n), None, "2026", "w" * 60) for n in range(300)}
    lost = Missing(dict.fromkeys(PLACES, names), {})
    for day in days:
        hours = [{"hour": f"{day}T{h:02d}", **held, "complete": False} for h in range(24)]
        compared = Day(hours, dict.fromkeys(PLACES, 300), 1)
        world.scratch.objects[f"run-1/compared/{day}.json"] = msgspec.json.encode(compared)
        world.scratch.objects[f"run-1/missing/{day}/000000.json"] = msgspec.json.encode(lost)
    found = steps.conclude()
    assert len(msgspec.json.encode(found)) < STATE
    assert found["differing"]["count"] == found["hours"] == 24 * len(days)
    assert len(found["differing"]["hours"]) == len(found["missing"][LOG]["names"]) == NAMED
    assert found["missing"][LOG]["count"] == 300 * len(days)
    assert found["places"][STORE]["hash"] == f"{24 * len(days) * (2**64 - 1) % 2**64:016x}"
    assert len(msgspec.json.encode(steps.days(""))) < STATE


def test_a_task_that_takes_too_long_goes_on_where_it_was() -> None:
    world = World()
    world.put([placed(n, n / 10) for n in range(1, 60)], *PLACES)
    quick = world.run(73)
    few = world.reads
    world.seconds_of_a_look = WORK_SECONDS + 1
    slow = world.run(73)
    assert world.reads > few + 40
    assert slow["places"] == quick["places"]


def test_a_day_that_is_too_much_for_one_pass_is_compared_in_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.put([placed(n, 2 + n / 1000) for n in range(1, 60)], *PLACES)
    world.put([placed(n, 2) for n in range(60, 70)], STORE)
    whole = world.run(73)
    monkeypatch.setattr("reconciliation.commands.steps.MARKS_COMPARED", 7)
    in_passes = world.run(73)
    for place in PLACES:
        assert in_passes["places"][place] == whole["places"][place]
        assert missing(in_passes)[place] == missing(whole)[place]
    assert in_passes["differing"]["count"] == whole["differing"]["count"]
    assert world.run(73, repair=True)["republished"] == 10


def test_a_record_that_cannot_be_read_is_counted_and_stops_nothing() -> None:
    world = World()
    world.log.bodies.append(b"garbage")
    world.put([placed(1, 2)], *PLACES)
    found = world.run(73)
    assert found["unreadable"] == 1
    assert missing(found) == dict.fromkeys(PLACES, 0)


def test_events_of_an_aggregate_that_has_another_store_are_not_compared() -> None:
    world = World()
    world.put([placed(1, 2)], *PLACES)
    of_another = msgspec.structs.replace(placed(2, 2), aggregate_type="parcel")
    world.put([of_another], LOG, ARCHIVE)
    found = world.run(73)
    assert missing(found) == dict.fromkeys(PLACES, 0)
    assert [found["places"][it]["events"] for it in PLACES] == [1, 1, 1]


def test_steps_out_of_turn_are_refused() -> None:
    steps = World().steps("run-1")
    with pytest.raises(NotReady, match="no plan"):
        steps.read(0)
    with pytest.raises(NotReady, match="no plan"):
        steps.gather()
    with pytest.raises(NotReady, match="no plan"):
        steps.compare("2026-12-01")
    steps.plan(73, 0)
    with pytest.raises(NotReady, match="task 0 is not read"):
        steps.gather()
