"""A comparison's bounds: which times, how much at once, how often, and what is answered."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from reconciliation.commands import steps as steps_module
from reconciliation.commands.reading import ON_THEIR_WAY
from reconciliation.commands.repairing import REPAIRED_AT_ONCE, chunks
from reconciliation.commands.run_notes import Day, Mark, Missing, NotReady, Plan, Progress, Task
from reconciliation.commands.steps import NAMED, NEAR_THE_HORIZON, WORK_SECONDS, Reconciliation
from reconciliation.domain.comparison import ARCHIVE, LOG, PLACES, STORE, Name
from shared.messaging.envelope import encode
from shared.messaging.fingerprint import fingerprint
from shared.runtime import clock
from tests.support.fakes.places_in_memory import World, integration_event, order_id, placed

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HALF_PAST_TEN = datetime(2026, 12, 1, 10, 30, 15, 250_000, tzinfo=UTC)
TODAY = "2026-12-01"


class FixedTime(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:  # noqa: ARG003
        return NOON


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps_module, "datetime", FixedTime)


def noted(world: World, name: str) -> Any:
    return json.loads(world.scratch.objects[f"run-1/{name}"])


def note(world: World, name: str, value: Any) -> None:
    world.scratch.objects[f"run-1/{name}"] = msgspec.json.encode(value)


# What is read


@pytest.mark.usefixtures("noon")
def test_a_window_begins_with_a_whole_hour_and_ends_where_writes_have_settled() -> None:
    world = World()
    answer = world.steps("run-1").plan(2, 1800)
    assert (answer["since"], answer["until"]) == (
        "2026-12-01T10:00:00.000Z",
        "2026-12-01T11:30:00.000Z",
    )
    plan = noted(world, "plan.json")
    horizon = NOON - timedelta(hours=world.log.retention_hours()) + NEAR_THE_HORIZON
    assert plan["horizon"] == clock.format_time(horizon)
    assert [it["hour"] for it in plan["tasks"] if it["place"] == STORE] == [
        "2026-12-01T10",
        "2026-12-01T11",
    ]
    assert noted(world, "tasks.json") == [{"task": n} for n in range(answer["tasks"])]


def test_an_hour_is_the_one_in_which_a_moment_is() -> None:
    assert steps_module._hour_of(HALF_PAST_TEN) == datetime(2026, 12, 1, 10, tzinfo=UTC)


def test_the_hour_that_has_just_begun_is_read_too() -> None:
    world = World()
    since, until = NOON - timedelta(hours=1), NOON
    hours = [it.hour for it in world.steps("r").places.tasks(since, until) if it.place == STORE]
    assert hours == ["2026-12-01T11", "2026-12-01T12"]


@pytest.mark.parametrize(("after", "since"), [(None, NOON), ("2", None)])
def test_a_shard_is_read_from_the_windows_begin_or_from_where_it_ended(
    after: str | None, since: datetime | None
) -> None:
    world = World()
    world.log.bodies += map(encode, [placed(n, 1) for n in range(5)])
    until = NOON + timedelta(hours=1)
    plan = Plan(clock.format_time(NOON), clock.format_time(until), "", [])
    places = world.steps("r").places
    pages = list(places.pages(Task(LOG, shard="shard-0"), plan, after))
    (asked,) = world.log.asked
    assert asked == {"since": since, "at": None, "after": after, "until": until + ON_THEIR_WAY}
    assert [len(list(marks)) for marks, _, _ in pages] == ([3, 2] if after is None else [2])


def at_times(world: World, *times: str) -> Reconciliation:
    """A run of one task, the log, in which these things happened."""
    for number, occurred_at in enumerate(times):
        event = msgspec.structs.replace(placed(number, 0), occurred_at=occurred_at)
        world.log.bodies.append(encode(event))
    begin, end = f"{TODAY}T10:00:00.000Z", f"{TODAY}T11:00:00.000Z"
    note(world, "plan.json", Plan(begin, end, "", [Task(LOG, shard="shard-0")]))
    return world.steps("run-1")


def marks_by_object(world: World) -> dict[str, int]:
    return {
        name.rpartition("/")[2]: len(gzip.decompress(body).splitlines())
        for name, body in sorted(world.scratch.objects.items())
        if "/marks/" in name
    }


def test_both_ends_of_the_window_are_read_and_nothing_beyond() -> None:
    world = World()
    steps = at_times(
        world,
        *(f"{TODAY}T09:59:59.999Z", f"{TODAY}T10:00:00.000Z"),
        *(f"{TODAY}T11:00:00.000Z", f"{TODAY}T11:00:00.001Z"),
    )
    assert steps.read(0) == {"done": True, "marks": 2}
    assert steps.read(0) == {"done": True, "marks": 2}, "it is read once"
    assert noted(world, "read/000000.json") == {
        "position": f"{3:056d}",
        "parts": 1,
        "days": {TODAY: 2},
        "unreadable": 0,
        "done": True,
    }
    assert marks_by_object(world) == {"log-000000-000000": 2}


@pytest.mark.parametrize(
    ("held", "parts"), [(3, [3, 3, 3, 3, 1]), (4, [6, 6, 1]), (7, [9, 4]), (100, [13])]
)
def test_no_more_marks_are_held_than_may_be(
    held: int, parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps_module, "MARKS_HELD", held)
    world = World()
    steps = at_times(world, *(f"{TODAY}T10:{n:02d}:00.000Z" for n in range(13)))
    assert steps.read(0) == {"done": True, "marks": 13}
    assert list(marks_by_object(world).values()) == parts
    assert noted(world, "read/000000.json")["parts"] == len(parts)


class Ticks:
    """A clock that shows these seconds, and then the last one."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = list(seconds)

    def __call__(self) -> float:
        return self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]


def with_clock(steps: Reconciliation, *seconds: float) -> Reconciliation:
    return Reconciliation(steps.notes, steps.log, steps.places, steps.repairs, Ticks(*seconds))


def test_a_step_uses_its_time_to_the_end_and_not_beyond() -> None:
    world = World()
    steps = at_times(world, *(f"{TODAY}T10:0{n}:00.000Z" for n in range(7)))
    on_time = with_clock(steps, 5, 5 + WORK_SECONDS)
    assert on_time.read(0)["done"]
    assert len(marks_by_object(world)) == 1
    world.scratch.objects.pop("run-1/read/000000.json")
    late = with_clock(steps, 5, 5 + WORK_SECONDS + 1)
    assert late.read(0) == {"done": False, "marks": 3}
    assert noted(world, "read/000000.json")["position"] == f"{2:056d}"
    # The end was reached between two looks: what was flushed goes on in this call.
    just = with_clock(steps, 5, 5 + WORK_SECONDS + 1, 5 + WORK_SECONDS, 5)
    assert just.read(0) == {"done": True, "marks": 7}


def test_what_was_read_is_gathered_by_day() -> None:
    world = World()
    steps = at_times(world, f"{TODAY}T10:00:00.000Z", f"{TODAY}T10:30:00.000Z")
    with pytest.raises(NotReady, match="is not read yet"):
        steps.days("")
    steps.read(0)
    assert steps.gather() == {"run": "run-1", "bucket": "scratch", "days": 1}
    assert noted(world, "days.json") == [{"day": TODAY, "marks": 2}]
    assert steps.days("") == {"day": TODAY, "hours": None}


# What is compared, and what is said


def marked(world: World, *marks: tuple[str, Mark]) -> Reconciliation:
    """A run whose only day was read, with these marks."""
    end = f"{TODAY}T23:00:00.000Z"
    note(world, "plan.json", Plan("", end, "", [Task(STORE)]))
    note(world, "read/000000.json", Progress(days={TODAY: len(marks)}, done=True))
    note(world, "days.json", [{"day": TODAY, "marks": len(marks)}])
    steps = world.steps("run-1")
    for number, (place, mark) in enumerate(marks):
        name = f"{place}-{number:06d}-000000"
        steps.notes.put_marks(TODAY, name, [msgspec.json.encode(mark)])
    return steps


def mark(number: int, hour: int = 9) -> Mark:
    return Mark(f"{number:016x}", order_id(number), 1, f"{TODAY}T{hour:02d}:10:00.000Z")


def test_a_day_is_compared_in_one_pass_where_one_is_enough() -> None:
    world = World()
    steps = marked(world, *((place, mark(1)) for place in PLACES), (STORE, mark(2)))
    with pytest.raises(NotReady, match="is not compared yet"):
        steps.repair(TODAY)
    assert steps.compare(TODAY) == {"done": True, "missing": {STORE: 0, LOG: 1, ARCHIVE: 1}}
    day = noted(world, f"compared/{TODAY}.json")
    assert day["files"] == 1
    assert steps.days("") == {"day": TODAY, "hours": day["hours"]}
    assert steps.days(TODAY) == {"day": None, "hours": None}
    del world.scratch.objects[f"run-1/missing/{TODAY}/000000.json"]
    with pytest.raises(NotReady, match="is not compared yet"):
        steps.repair(TODAY)


def test_a_comparison_of_nothing_says_that_there_was_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = World().run(73)
    assert found["places"] == {place: {"events": 0, "hash": "0" * 16} for place in PLACES}
    assert found["hours"] == 0
    assert counted(capsys, "EventsMissing") == [0]


def counted(capsys: pytest.CaptureFixture[str], metric: str) -> list[int]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line[metric] for line in lines if metric in line]


def test_what_is_missing_is_counted_for_the_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    world.put([placed(1, 2)], STORE)
    world.run(73)
    assert counted(capsys, "EventsMissing") == [2]


def test_as_many_as_fit_are_named_and_no_more_is_read() -> None:
    world = World()
    steps = marked(world)
    days = [f"2026-12-{day:02d}" for day in (1, 2, 3)]
    note(world, "days.json", [{"day": day, "marks": 1} for day in days])
    for number, day in enumerate(days):
        names = {
            f"{n:016x}": Name(order_id(n + 1000 * number), None, f"{day}T09:00:00.000Z")
            for n in range(150)
        }
        note(world, f"compared/{day}.json", Day([], dict.fromkeys(PLACES, 150), 1))
        note(world, f"missing/{day}/000000.json", Missing(dict.fromkeys(PLACES, names), {}))
    del world.scratch.objects[f"run-1/missing/{days[2]}/000000.json"]
    found = steps.conclude()["missing"][LOG]
    assert (found["count"], len(found["names"])) == (450, NAMED)


def test_a_damaged_object_is_counted_and_its_records_before_the_damage_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = World()
    events = [placed(n, 2) for n in range(1, 200)]
    world.put(events, STORE, LOG)
    whole = gzip.compress(b"".join(encode(it) + b"\n" for it in events), mtime=0)
    for number, body in enumerate((whole[: len(whole) // 2], whole)):
        key = f"events/day={events[0].occurred_at[:10]}/{number}.gz"
        world.s3.objects[key] = body
    found = world.run(73)
    assert found["unreadable"] == 1
    assert found["missing"][ARCHIVE]["count"] == 0
    assert "archived object is damaged" in capsys.readouterr().out
    del world.s3.objects[f"events/day={events[0].occurred_at[:10]}/1.gz"]
    assert 0 < world.run(73)["missing"][ARCHIVE]["count"] < 199


# What is repaired


def test_what_a_damaged_line_stands_before_is_published_once() -> None:
    world = World()
    lost = integration_event(1, 2)
    lines = [b"garbage", encode(lost), encode(lost)]
    world.s3.objects[f"events/day={lost.occurred_at[:10]}/one.gz"] = gzip.compress(
        b"\n".join(lines)
    )
    assert world.run(73, repair=True)["republished"] == 1
    assert world.log.bodies == [encode(lost)]


@pytest.mark.parametrize(("place", "batches"), [(2, 1), (3, 2), (5, 2)])
def test_the_log_is_read_from_the_first_that_is_wanted_to_the_last(
    place: int, batches: int
) -> None:
    world = World()
    events = [integration_event(n, 2) for n in range(12)]
    world.log.bodies += map(encode, events)
    wanted = {
        fingerprint(events[n]): Name(events[n].event_id, None, "", f"shard-0:{n:056d}")
        for n in (0, place)
    }
    assert world.steps("r").repairs.back_fill(wanted) == 2
    assert world.log.batches_read == batches


def test_an_orders_first_event_is_archived_too() -> None:
    world = World()
    first = placed(1, 2)
    world.put([first], STORE)
    missing = {fingerprint(first): Name(first.aggregate_id, 1, first.occurred_at)}
    assert world.steps("r").repairs.back_fill(missing) == 1


def test_what_is_missing_comes_in_portions_in_the_order_of_events() -> None:
    names = {
        f"{1000 - n:016x}": Name(order_id(1), n + 1, f"{TODAY}T09:00:00.000Z")
        for n in reversed(range(REPAIRED_AT_ONCE + 1))
    }
    first, second = chunks(Missing(dict.fromkeys(PLACES, names), {}))
    assert [it.version for it in first.missing[ARCHIVE].values()] == list(
        range(1, REPAIRED_AT_ONCE + 1)
    )
    assert [it.version for it in second.missing[ARCHIVE].values()] == [REPAIRED_AT_ONCE + 1]


def to_repair(world: World, count: int) -> Reconciliation:
    """A run in which so many orders' events are missing in the archive."""
    events = [placed(n, 2) for n in range(count)]
    world.put(events, STORE, LOG)
    names = {fingerprint(it): Name(it.aggregate_id, 1, it.occurred_at) for it in events}
    lost = Missing({STORE: {}, LOG: {}, ARCHIVE: names}, {})
    note(world, f"compared/{TODAY}.json", Day([], {STORE: 0, LOG: 0, ARCHIVE: count}, 1))
    note(world, f"missing/{TODAY}/000000.json", lost)
    return world.steps("run-1")


def test_a_repair_that_takes_too_long_goes_on_with_the_next_portion() -> None:
    world = World()
    steps = to_repair(world, REPAIRED_AT_ONCE + 1)
    late = with_clock(steps, 5, 5 + WORK_SECONDS + 1)
    assert late.repair(TODAY) == {"done": False}
    assert noted(world, f"repaired/{TODAY}.json") == {
        "file": 0,
        "chunk": 1,
        "back_filled": REPAIRED_AT_ONCE,
        "republished": 0,
        "done": False,
    }
    assert steps.repair(TODAY) == {"done": True}
    assert noted(world, f"repaired/{TODAY}.json") == {
        "file": 1,
        "chunk": 0,
        "back_filled": REPAIRED_AT_ONCE + 1,
        "republished": 0,
        "done": True,
    }
    world.s3.objects.clear()
    assert steps.repair(TODAY) == {"done": True}
    assert world.s3.objects == {}, "what is done is not done again"


def test_a_repair_uses_its_time_to_the_end() -> None:
    world = World()
    steps = to_repair(world, REPAIRED_AT_ONCE + 1)
    assert with_clock(steps, 5, 5 + WORK_SECONDS).repair(TODAY) == {"done": True}
    assert noted(world, f"repaired/{TODAY}.json")["back_filled"] == REPAIRED_AT_ONCE + 1
