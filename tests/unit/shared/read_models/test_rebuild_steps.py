"""A rebuild's steps: each rests on those before it, can be repeated, and never serves a part."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from orders_language.schemas import ORDER, ORDER_EVENTS
from shared.messaging.envelope import Envelope, encode
from shared.messaging.log_records import LogRecord
from shared.read_models import rebuild
from shared.read_models.archive import Archive
from shared.read_models.generation_items import Checksum, GenerationItems, checksum
from shared.read_models.generations import POINTER_SECONDS
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.pointer import Pointer, PointerMoved
from shared.read_models.projector import Projector
from shared.read_models.rebuild import (
    BATCH_SECONDS,
    CLOCKS_DIFFER,
    OVERLAP,
    NotReady,
    Rebuild,
    Request,
)
from shared.read_models.scratch import Scratch
from shared.read_models.versioned_table import VersionedTable
from shared.runtime import clock
from shared.runtime.tracing import invocations
from shared.runtime.tracing.context import parse
from tests.support.examples.log_of_orders import ORDERS, Applied, collect, event, record
from tests.support.fakes.dynamodb_expressions import refusal
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from tests.support.fakes.in_memory_s3 import InMemoryS3
from tests.support.fakes.kept_spans import KeptSpans

KEY = {"pk": {"S": "pointer"}}
BEGAN = datetime(2026, 12, 1, 12, tzinfo=UTC)
PLACED = [event(order_id, 1, "OrderPlaced") for order_id in ORDERS]
CONFIRMED = [event(order_id, 2, "OrderConfirmed") for order_id in ORDERS]


class Codec:
    """The state as one text."""

    def to_item(self, state: Applied, generation: str) -> dict[str, Any]:
        return {"applied": {"S": ",".join(state)}}

    def from_item(self, item: dict[str, Any]) -> Applied | None:
        return tuple(item["applied"]["S"].split(",")) if "applied" in item else None


class Log:
    """A log of two shards, read in batches of two; notes from where and until when it is read."""

    def __init__(self) -> None:
        self.by_shard: dict[str, Sequence[LogRecord]] = {"shard-0": [], "shard-1": []}
        self.retention = 24
        self.asked: list[tuple[str, datetime, str | None, datetime]] = []

    def shards(self) -> list[str]:
        return list(self.by_shard)

    def retention_hours(self) -> int:
        return self.retention

    def batches(
        self, shard: str, *, since: datetime, after: str | None, until: datetime
    ) -> Iterator[list[LogRecord]]:
        self.asked.append((shard, since, after, until))
        left = [it for it in self.by_shard[shard] if after is None or int(it.sequence) > int(after)]
        for start in range(0, len(left), 2):
            yield list(left[start : start + 2])


class World:
    """A view's table with its pointer, an archive in objects of four events, a scratch, a log."""

    def __init__(self) -> None:
        self.database = DynamoDbInMemory(
            {"views": ("pk",), "parked": ("consumer", "record")}, page=5
        )
        self.pointer = Pointer(self.database, "views", KEY)
        self.archive, self.scratch, self.log = InMemoryS3(), InMemoryS3(), Log()
        self.now, self.work = BEGAN, 0.0
        self.archived(PLACED)

    def archived(self, events: Sequence[Envelope]) -> None:
        for start in range(0, len(events), 4):
            lines = [encode(it) for it in events[start : start + 4]]
            key = f"events/day=2026-12-01/{len(self.archive.objects):03d}"
            self.archive.objects[key] = b"\n".join(lines)

    def step(self, name: str, **details: Any) -> dict[str, Any]:
        """As a new process takes it."""
        log: Any = self.log
        return Rebuild(
            ORDER,
            self.pointer,
            GenerationItems(self.database, "views", ("pk",)),
            self.projector,
            Archive(self.archive, "archive"),
            Scratch(self.scratch, "scratch"),
            log,
        ).answer({"step": name, **details})

    def projector(self, generation: str) -> Projector[Applied]:
        parked = ParkedRecords(self.database, "parked", "test")
        table = VersionedTable(self.database, "views", "pk", generation, Codec(), parked)
        return Projector(ORDER_EVENTS, table, collect, lambda *_: (), writers=1)

    def fold(self, generation: str = "g2") -> None:
        """Begin, and fold the archive."""
        self.step("begin")
        plan = self.step("plan", task_bytes=1, partition_bytes=2000)
        for task in range(plan["tasks"]):
            self.step("partition", task=task)
        for partition in range(plan["partitions"]):
            self.step("fold", partition=partition)

    def everybody_knows(self) -> None:
        self.now += timedelta(seconds=POINTER_SECONDS + BATCH_SECONDS)

    def complete(self) -> None:
        """All of it."""
        self.fold()
        self.everybody_knows()
        self.step("catch_up")
        self.step("switch")

    def built(self, generation: str) -> dict[str, str]:
        prefix = f"{generation}#"
        return {
            item["pk"]["S"].removeprefix(prefix): item["applied"]["S"]
            for item in self.database.items("views")
            if item["pk"]["S"].startswith(prefix)
        }


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()

    class Clock(datetime):
        @classmethod
        def now(cls, _zone: Any = None) -> datetime:  # type: ignore[override]
            return made.now

    def monotonic() -> float:
        made.work += 1
        return made.work

    monkeypatch.setattr("shared.read_models.rebuild.datetime", Clock)
    monkeypatch.setattr("shared.read_models.rebuild.time.monotonic", monotonic)
    monkeypatch.setattr("shared.runtime.clock.now", lambda: clock.format_time(made.now))
    return made


def refused(world: World, step: str, match: str, **details: Any) -> None:
    """The step is refused, and what is served stays what it was."""
    before = world.pointer.read()
    with pytest.raises((NotReady, PointerMoved), match=match):
        world.step(step, **details)
    assert world.pointer.read() == before


# Switching.


def test_a_generation_is_served_once_it_is_complete(world: World) -> None:
    world.complete()
    found = world.pointer.read()
    assert (found.live, found.building, found.complete) == ("g2", "g1", True)
    assert world.built("g2") == dict.fromkeys(ORDERS, "1:OrderPlaced")


def test_a_rebuild_is_a_trace_of_its_own_that_links_to_what_it_repeats(
    world: World, kept_spans: KeptSpans
) -> None:
    world.log.by_shard["shard-0"] = [record(it, number) for number, it in enumerate(CONFIRMED)]
    world.complete()
    invocations.flush()
    folded, *others = kept_spans.named("rebuild a view")
    made_in = parse(PLACED[0].traceparent)
    assert made_in is not None
    for span in (folded, others[-1]):  # of the archive, and of the log
        assert (span.parent_id, [it.trace_id for it in span.links]) == ("", [made_in.trace_id])
        assert span.trace_id != made_in.trace_id


def test_what_was_never_begun_is_not_served(world: World) -> None:
    refused(world, "switch", "begin first")
    refused(world, "switch", "no plan", generation="g2")


def test_what_has_no_plan_is_not_served(world: World) -> None:
    world.step("begin")
    refused(world, "switch", "no plan")


def test_what_is_folded_in_part_is_not_served(world: World) -> None:
    world.step("begin")
    plan = world.step("plan", task_bytes=1, partition_bytes=100)
    assert plan["partitions"] > 2
    for task in range(plan["tasks"]):
        world.step("partition", task=task)
    for partition in range(plan["partitions"] - 1):
        world.step("fold", partition=partition)
    last = plan["partitions"] - 1
    refused(world, "switch", rf"not folded yet: \[{last}\]")
    refused(world, "catch_up", rf"not folded yet: \[{last}\]")


def test_what_was_never_caught_up_is_not_served(world: World) -> None:
    world.fold()
    refused(world, "switch", "has not caught up")


def test_what_is_caught_up_in_part_is_not_served(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.log.by_shard["shard-0"] = [record(it, n) for n, it in enumerate(CONFIRMED, 1)]
    world.fold()
    world.everybody_knows()
    monkeypatch.setattr(rebuild, "WORK_SECONDS", 0)
    for records in (2, 4, 6, 8):
        answer = world.step("catch_up")
        assert answer == {"wait_seconds": 0, "caught_up": False, "records": records}
        refused(world, "switch", "has not caught up")
    assert world.step("catch_up") == {"wait_seconds": 0, "caught_up": True, "records": 8}
    world.step("switch")
    assert world.pointer.read().live == "g2"
    assert world.built("g2") == dict.fromkeys(ORDERS, "1:OrderPlaced,2:OrderConfirmed")


def test_what_waits_for_others_has_not_caught_up(world: World) -> None:
    world.fold()
    world.now += timedelta(seconds=POINTER_SECONDS + BATCH_SECONDS) - timedelta(seconds=1.5)
    assert world.step("catch_up") == {"wait_seconds": 2, "caught_up": False, "records": 0}
    assert world.log.asked == []
    refused(world, "switch", "has not caught up")


def test_a_switch_that_is_repeated_changes_nothing_and_is_counted_once(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.complete()
    found = world.pointer.read()
    assert world.step("switch", generation="g2")["live"] == "g2"
    assert world.pointer.read() == found
    assert capsys.readouterr().out.count('"GenerationsSwitched":1') == 1


@pytest.mark.parametrize("generation", ["g1", "g3", "pointer"])
def test_a_switch_to_another_generation_is_refused(world: World, generation: str) -> None:
    world.fold()
    world.everybody_knows()
    world.step("catch_up")
    refused(world, "switch", "no plan", generation=generation)


def test_a_switch_to_the_way_back_is_refused(world: World) -> None:
    world.complete()
    refused(world, "switch", "no plan", generation="g1")


def test_what_was_served_and_then_taken_back_is_switched_to_by_back_alone(world: World) -> None:
    world.complete()
    assert world.step("back")["live"] == "g1"
    refused(world, "switch", "not being built", generation="g2")
    assert world.step("back")["live"] == "g2"


def test_what_was_retired_is_not_served_again(world: World) -> None:
    world.complete()
    world.step("back")
    world.step("retire")
    refused(world, "switch", "not being built", generation="g2")


# Steps that rest on others.


@pytest.mark.parametrize(
    ("step", "details"),
    [
        ("plan", {}),
        ("partition", {"task": 0}),
        ("fold", {"partition": 0}),
        ("catch_up", {}),
    ],
)
def test_a_generation_that_is_not_being_filled_is_left_alone(
    world: World, step: str, details: dict[str, Any]
) -> None:
    refused(world, step, "begin first", **details)
    world.step("begin")
    refused(world, step, "not being built", generation="g3", **details)
    world.complete()
    refused(world, step, "not being built", generation="g1", **details)


def test_what_was_done_is_done_though_the_generation_is_complete(world: World) -> None:
    world.complete()
    assert world.step("partition", generation="g2", task=0)["events"] == 4
    assert world.step("fold", generation="g2", partition=0)["orders"] > 0


def test_a_fold_waits_for_every_task(world: World) -> None:
    world.step("begin")
    world.step("plan", task_bytes=1)
    world.step("partition", task=0)
    refused(world, "fold", r"not partitioned yet: \[1\]", partition=0)
    world.step("partition", task=1)
    assert world.step("fold", partition=0) == {"orders": 8, "events": 8}


def test_a_task_before_its_plan_is_refused(world: World) -> None:
    world.step("begin")
    refused(world, "partition", "no plan", task=0)
    refused(world, "fold", "no plan", partition=0)
    refused(world, "catch_up", "no plan")


def test_many_missing_parts_are_named_in_part(world: World) -> None:
    world.archived([event(it.aggregate_id, n, "OrderConfirmed") for it in PLACED for n in range(9)])
    world.step("begin")
    world.step("plan", task_bytes=1)
    refused(world, "fold", r"yet: \[0, 1, 2, 3, 4, 5, 6, 7, 8, 9\]$", partition=0)


def test_a_plan_that_was_made_stays(world: World) -> None:
    world.step("begin")
    made = world.step("plan", task_bytes=1, partition_bytes=1000)
    world.archived(CONFIRMED)
    assert world.step("plan", task_bytes=10**6, partition_bytes=10**6) == made
    sizes = [len(body) for body in list(world.archive.objects.values())[:2]]
    assert made == {
        "generation": "g2",
        "bucket": "scratch",
        "tasks": 2,
        "bytes": sizes,
        "partitions": -(-sum(sizes) // 1000),
    }
    tasks = msgspec.json.decode(world.scratch.objects["g2/tasks.json"])
    assert tasks == [{"task": 0}, {"task": 1}]
    partitions = msgspec.json.decode(world.scratch.objects["g2/partitions.json"])
    assert partitions == [{"partition": number} for number in range(made["partitions"])]


def test_a_task_is_no_larger_than_asked_for_unless_one_object_is(world: World) -> None:
    world.archived(CONFIRMED)
    size = len(world.archive.objects["events/day=2026-12-01/000"])
    world.step("begin")
    assert world.step("plan", task_bytes=2 * size + 100)["tasks"] == 2


def test_a_task_may_be_exactly_as_large_as_asked_for(world: World) -> None:
    world.archive.objects = {f"events/day=2026-12-01/{n}": b"x" * 100 for n in range(6)}
    world.step("begin")
    world.step("plan", task_bytes=200)
    plan = msgspec.json.decode(world.scratch.objects["g2/plan.json"])
    assert [len(task) for task in plan["tasks"]] == [2, 2, 2]
    assert plan["bytes"] == [200, 200, 200]


def test_what_a_task_found_is_told_then_and_later(world: World) -> None:
    world.archived([event(ORDERS[0], 2, "OrderConfirmed", aggregate_type="customer")])
    world.step("begin")
    world.step("plan")
    found = world.step("partition", task=0)
    nothing_left_out = {"unreadable": 0, "damaged": 0, "named": []}
    assert found == {"events": 8, "passed_over": 1, **nothing_left_out}
    assert world.step("partition", task=0) == found


def test_what_cannot_be_applied_is_parked_as_of_the_archive_and_its_order(world: World) -> None:
    world.archived([event(ORDERS[0], 2, "OrderConfirmed", data={})])
    world.fold()
    [parked] = world.database.items("parked")
    assert (parked["shard"]["S"], parked["sequence"]["S"]) == (
        "archive",
        f"{ORDERS[0]}#1",
    ), "the second of its events: each has a place of its own"


@pytest.mark.parametrize("fails", [False, True])
def test_cycles_are_looked_for_again_after_a_fold(world: World, fails: bool) -> None:
    looked_for: list[bool] = []

    def look(operation: str, _request: object) -> None:
        if operation == "batch_execute_statement":
            looked_for.append(gc.isenabled())
        if operation == "put_item" and fails:
            raise refusal("ThrottlingException")

    world.step("begin")
    world.step("plan")
    world.step("partition", task=0)
    world.database.breaks = ["ThrottlingError"] if fails else []
    world.database.before = look
    if fails:
        with pytest.raises(ClientError):
            world.step("fold", partition=0)
    else:
        world.step("fold", partition=0)
    assert looked_for == [False]
    assert gc.isenabled()


def test_a_task_holds_no_more_objects_than_it_may(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "TASK_OBJECTS", 3)
    world.archived([*CONFIRMED, *CONFIRMED, *CONFIRMED[:4]])  # seven objects
    world.step("begin")
    world.step("plan")
    plan = msgspec.json.decode(world.scratch.objects["g2/plan.json"])
    assert [len(task) for task in plan["tasks"]] == [3, 3, 1]


def test_there_are_no_more_partitions_than_there_may_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "MAX_PARTITIONS", 3)
    world.step("begin")
    assert world.step("plan", partition_bytes=1)["partitions"] == 3


def test_an_empty_archive_has_one_empty_partition(world: World) -> None:
    world.archive.objects.clear()
    world.fold()
    world.everybody_knows()
    assert world.step("catch_up")["caught_up"]
    assert world.step("switch")["live"] == "g2"


def test_progress_is_told_from_the_beginning(world: World) -> None:
    world.step("begin")
    names = ("tasks", "partitioned", "partitions", "folded")
    assert world.step("progress") == {"generation": "g2", **dict.fromkeys(names, 0)}
    plan = world.step("plan", task_bytes=1, partition_bytes=1000)
    world.step("partition", task=1)
    found = world.step("progress")
    assert [found[name] for name in names] == [2, 1, plan["partitions"], 0]
    world.step("partition", task=0)
    world.step("fold", partition=0)
    found = world.step("progress")
    assert [found[name] for name in names] == [2, 2, plan["partitions"], 1]


# The log.


def test_every_shard_is_read_from_before_the_beginning_until_everybody_knows(world: World) -> None:
    world.fold()
    world.now += timedelta(hours=2)
    assert world.step("catch_up")["caught_up"]
    since = BEGAN - OVERLAP
    until = BEGAN + timedelta(seconds=POINTER_SECONDS + BATCH_SECONDS) + CLOCKS_DIFFER
    assert world.log.asked == [("shard-0", since, None, until), ("shard-1", since, None, until)]


def test_batches_may_take_as_long_as_the_request_says(world: World) -> None:
    world.fold()
    world.now += timedelta(seconds=POINTER_SECONDS + 5)
    assert world.step("catch_up", batch_seconds=5)["caught_up"]
    assert world.step("catch_up", batch_seconds=6)["wait_seconds"] == 1


def test_a_log_that_reaches_back_exactly_so_far_is_trusted(world: World) -> None:
    world.fold()
    world.now = BEGAN - OVERLAP + timedelta(hours=world.log.retention)
    assert world.step("catch_up")["caught_up"]


def test_a_log_that_does_not_reach_back_far_enough_is_not_trusted(world: World) -> None:
    world.fold()
    world.now = BEGAN - OVERLAP + timedelta(hours=world.log.retention, seconds=1)
    refused(world, "catch_up", "begin again")
    assert world.log.asked == []


def test_what_is_half_read_is_read_on_though_its_beginning_has_left_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.log.by_shard["shard-0"] = [record(it, n) for n, it in enumerate(CONFIRMED, 1)]
    world.fold()
    world.everybody_knows()
    with monkeypatch.context() as brief:
        brief.setattr(rebuild, "WORK_SECONDS", 0)
        assert not world.step("catch_up")["caught_up"]
    world.now += timedelta(hours=30)
    assert world.step("catch_up")["caught_up"]
    assert [after for _, _, after, _ in world.log.asked] == [None, "2", None]
    assert world.built("g2") == dict.fromkeys(ORDERS, "1:OrderPlaced,2:OrderConfirmed")


# The old generation's end.


def test_a_retired_generation_is_erased_page_by_page_once_everybody_knows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.projector("g1").apply([record(it, n) for n, it in enumerate(PLACED)])
    world.complete()
    world.step("retire")
    kept = world.built("g2")
    wait = POINTER_SECONDS + BATCH_SECONDS
    world.now += timedelta(seconds=wait - 0.5)
    assert world.step("erase") == {"wait_seconds": 1, "erased": 0, "after": None}
    assert len(world.built("g1")) == len(ORDERS)
    world.now += timedelta(seconds=0.5)
    monkeypatch.setattr(rebuild, "WORK_SECONDS", 0)
    first = world.step("erase")
    assert (first["wait_seconds"], first["erased"]) == (0, 5)
    assert first["after"]
    assert world.pointer.read().erasing == "g1"
    erased, after = first["erased"], first["after"]
    while after:
        answer = world.step("erase", after=after)
        erased, after = erased + answer["erased"], answer["after"]
    assert erased == len(ORDERS)
    assert world.built("g1") == {}
    assert world.built("g2") == kept
    assert world.pointer.read().erasing is None
    world.step("begin")
    assert world.pointer.read().building == "g3"


def test_all_is_erased_in_one_call_if_there_is_time(world: World) -> None:
    world.projector("g1").apply([record(it, n) for n, it in enumerate(PLACED)])
    world.complete()
    world.step("retire")
    world.everybody_knows()
    assert world.step("erase") == {"wait_seconds": 0, "erased": len(ORDERS), "after": None}


def test_what_is_not_retired_is_not_erased(world: World) -> None:
    refused(world, "erase", "begin first")
    world.complete()
    refused(world, "erase", "is not retired", generation="g1")
    world.step("retire")
    refused(world, "erase", "is not retired", generation="g2")
    assert len(world.built("g2")) == len(ORDERS)


# Looking.


def test_the_state_of_things_is_told_as_the_pointer_has_it(world: World) -> None:
    assert world.step("status") == {
        "live": "g1",
        "building": None,
        "complete": False,
        "newest": 1,
        "began_at": None,
        "erasing": None,
        "retired_at": None,
        "switched_at": None,
    }
    begun = world.step("begin")
    assert begun["building"] == "g2"
    assert begun["began_at"] == "2026-12-01T12:00:00.000Z"
    assert world.step("status") == begun


def test_a_checksum_is_of_what_is_served_unless_another_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fold()
    assert world.step("checksum") == {"items": 0, "sum": f"{0:032x}", "after": None}
    items = GenerationItems(world.database, "views", ("pk",))
    expected = checksum(items.all("g2"), "g2")
    whole = world.step("checksum", generation="g2")
    assert whole == {"items": 8, "sum": f"{expected.total:032x}", "after": None}
    monkeypatch.setattr(rebuild, "WORK_SECONDS", 0)
    part = world.step("checksum", generation="g2")
    assert part["items"] < 8
    while part["after"]:
        part = world.step("checksum", generation="g2", **part)
    assert part == whole
    assert Checksum(8, int(whole["sum"], 16)) == expected


@pytest.mark.parametrize(
    "request_",
    [
        {"step": "partition", "task": -1},
        {"step": "fold", "partition": -1},
        {"step": "plan", "task_bytes": 0},
        {"step": "plan", "partition_bytes": 0},
        {"step": "catch_up", "batch_seconds": -1},
        {"step": "checksum", "items": -1},
    ],
)
def test_a_number_that_makes_no_sense_is_refused(world: World, request_: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        world.step(**{"name": request_.pop("step"), **request_})


def test_a_part_that_is_not_numbered_is_refused(world: World) -> None:
    world.step("begin")
    world.step("plan")
    with pytest.raises(msgspec.ValidationError, match="task"):
        world.step("partition")
    with pytest.raises(msgspec.ValidationError, match="partition"):
        world.step("fold")


def test_a_request_takes_what_is_usual_where_it_says_nothing() -> None:
    assert msgspec.convert({"step": "plan"}, Request) == Request("plan")


def test_generations_are_compared_until_they_are_equal(world: World) -> None:
    assert world.step("compare") == {"equal": None}
    world.fold()
    assert world.step("compare") == {"equal": False}
    for item in world.database.items("views"):
        if item["pk"]["S"].startswith("g2#"):
            own = item["pk"]["S"].replace("g2#", "g1#")
            world.database.put_item(TableName="views", Item={**item, "pk": {"S": own}})
    assert world.step("compare") == {"equal": True}


def test_what_is_written_between_two_sums_is_no_difference(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.step("begin")
    page = GenerationItems.page
    calls: list[str] = []

    def with_a_write(items: GenerationItems, generation: str, after: Any) -> Any:
        found = page(items, generation, after)
        if not calls:
            for name in ("g1", "g2"):
                world.database.put_item(TableName="views", Item={"pk": {"S": f"{name}#o"}})
        calls.append(generation)
        return found

    monkeypatch.setattr(GenerationItems, "page", with_a_write)
    assert world.step("compare") == {"equal": True}
    assert calls[:2] == ["g1", "g2"]
    assert len(calls) > 2


def test_an_erasure_that_was_finished_may_be_asked_for_again(world: World) -> None:
    world.step("begin")
    world.step("retire")
    world.pointer.erased("g2")
    assert world.step("erase", generation="g2") == {"wait_seconds": 0, "erased": 0, "after": None}
