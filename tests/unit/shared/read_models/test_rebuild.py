"""A rebuild that ends in the middle of a write goes on, and applies nothing twice."""

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from orders_language.schemas import ORDER
from shared.messaging.envelope import Envelope, encode
from shared.messaging.log_records import LogRecord
from shared.read_models import rebuild
from shared.read_models.archive import Archive
from shared.read_models.generations import POINTER_SECONDS
from shared.read_models.pointer import Generation, PointerMoved
from shared.read_models.projector import Change
from shared.read_models.rebuild import NotReady, Rebuild
from shared.read_models.scratch import Scratch
from shared.runtime import clock
from tests.support.examples.log_of_orders import (
    Applied,
    Histories,
    TableInMemory,
    collect,
    event,
    projector,
    record,
)
from tests.support.fakes.in_memory_s3 import InMemoryS3

ORDERS = [f"00000000-0000-4000-8000-{n:012d}" for n in range(60)]
EVENTS = [
    event(order_id, version, event_type)
    for version, event_type in ((1, "OrderPlaced"), (2, "OrderConfirmed"))
    for order_id in ORDERS
]
HOUR = timedelta(hours=1)


class Killed(BaseException):
    """The function's end, wherever it is."""


class PointerInMemory:
    """Implements what a rebuild needs of ``Pointer``."""

    def __init__(self) -> None:
        began = clock.format_time(datetime.now(UTC) - timedelta(minutes=10))
        self.at = Generation("g1", "g2", False, 2, began)

    def read(self) -> Generation:
        return self.at

    def switch(self, generation: str) -> Generation:
        self.at = Generation(generation, self.at.live, True, 2, self.at.began_at)
        return self.at


class LogInMemory:
    """Implements what a rebuild needs of ``LogReader``: two shards, read in batches of five."""

    def __init__(self, shards: dict[str, Sequence[LogRecord]], retention: int = 24) -> None:
        self.by_shard = shards
        self.retention = retention
        self.asked: list[tuple[datetime, datetime]] = []

    def shards(self) -> list[str]:
        return list(self.by_shard)

    def retention_hours(self) -> int:
        return self.retention

    def batches(self, shard: str, *, since: datetime, after: str | None, until: datetime) -> Any:
        self.asked.append((since, until))
        left = [it for it in self.by_shard[shard] if after is None or int(it.sequence) > int(after)]
        for start in range(0, len(left), 5):
            yield left[start : start + 5]


class World:
    """An archive with everything twice and shuffled by object, and a table to rebuild into."""

    def __init__(self, archived: Sequence[Envelope] = EVENTS) -> None:
        self.s3 = InMemoryS3()
        for number in range(10):
            lines = [encode(it) for it in (*archived[number::10], *archived[9 - number :: 7])]
            self.s3.objects[f"events/day=2026-12-01/{number}"] = b"\n".join(lines)
        self.table = TableInMemory()
        self.histories = Histories()
        self.histories.add(*EVENTS)
        self.pointer = PointerInMemory()
        self.log = LogInMemory({"shard-0": [], "shard-1": []})
        self.scratch = InMemoryS3()

    @property
    def rebuild(self) -> Rebuild:
        """As a new process makes it."""
        unused: Any = None
        pointer: Any = self.pointer
        log: Any = self.log
        return Rebuild(
            ORDER,
            pointer,
            unused,
            lambda _generation: projector(self.table, self.histories),
            Archive(self.s3, "archive"),
            Scratch(self.scratch, "scratch"),
            log,
        )

    def run(self) -> None:
        """Every step, as an operator's command takes them."""
        plan = self.step("plan", task_bytes=4000, partition_bytes=4000)
        for task in range(plan["tasks"]):
            self.step("partition", task=task)
        for partition in range(plan["partitions"]):
            self.step("fold", partition=partition)
        self.step("catch_up")
        self.step("switch")

    def step(self, name: str, **details: Any) -> dict[str, Any]:
        return self.rebuild.answer({"step": name, "generation": "g2", **details})


def folded(events: Sequence[Envelope] = EVENTS) -> dict[str, tuple[int, Applied]]:
    """An independent fold."""
    state: dict[str, tuple[int, Applied]] = {}
    for it in sorted(events, key=lambda it: it.version or 0):
        _, applied = state.get(it.aggregate_id, (0, ()))
        state[it.aggregate_id] = (it.version or 0, collect(applied, it))
    return state


def built(world: World) -> dict[str, Any]:
    return {its_id: (kept.version, kept.state) for its_id, kept in world.table.kept.items()}


def test_what_was_archived_twice_and_in_any_order_is_applied_once_and_in_order() -> None:
    world = World()
    world.run()
    assert built(world) == folded()
    assert world.table.saves == len(ORDERS)
    assert world.pointer.at.live == "g2"


@pytest.mark.parametrize("percent", [10, 50, 99])
@pytest.mark.parametrize("moment", ["before_save", "after_save"])
def test_a_fold_that_was_killed_around_a_write_goes_on(percent: int, moment: str) -> None:
    world = World()
    left = len(ORDERS) * percent // 100

    def kill(_change: Change[Applied]) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    setattr(world.table, moment, kill)
    with pytest.raises(Killed):
        world.run()
    assert world.pointer.at.live == "g1"
    setattr(world.table, moment, lambda _: None)
    world.run()
    assert built(world) == folded()
    assert world.table.saves == len(ORDERS)


def test_what_nobody_can_read_is_left_out_counted_and_named() -> None:
    world = World()
    placed = encode(EVENTS[0])
    hostile = [
        placed.replace(EVENTS[0].aggregate_id.encode(), b"\xff" * 36),
        placed.replace(b'"version":1', b'"version":1,"x":1', 1)[:-1],
        b"\x1b[2J",
    ]
    world.s3.objects["events/day=2026-12-01/bad"] = b"\n".join(hostile)
    world.s3.objects["events/day=2026-12-01/damaged"] = gzip.compress(placed)[:-5]
    world.run()
    assert built(world) == folded()
    left_out = world.step("left_out")
    assert (left_out["unreadable"], left_out["damaged"]) == (2, 1)
    assert len(left_out["named"]) == 3
    assert all(name.startswith("events/day=2026-12-01/") for name in left_out["named"])
    assert all(name.isprintable() for name in left_out["named"])


def test_however_much_is_left_out_a_few_are_named_and_all_are_counted() -> None:
    world = World()
    world.s3.objects["events/day=2026-12-01/bad"] = b"garbage\n" * 1005
    world.run()
    left_out = world.step("left_out")
    assert (left_out["unreadable"], len(left_out["named"])) == (1005, rebuild.NAMED)


def test_what_is_done_is_not_done_again() -> None:
    world = World()
    world.run()
    world.pointer.at = PointerInMemory().at
    world.s3.objects.clear()
    world.table.kept.clear()
    world.run()
    assert built(world) == {}


def test_orders_that_the_projector_wrote_first_are_not_set_back() -> None:
    world = World(archived=[it for it in EVENTS if it.version == 1])
    for order_id in ORDERS[:20]:
        projector(world.table, world.histories).apply(
            [record(event(order_id, 2, "OrderConfirmed"))]
        )
    world.run()
    assert {its_id: version for its_id, (version, _) in built(world).items()} == {
        order_id: 2 if order_id in ORDERS[:20] else 1 for order_id in ORDERS
    }


def test_what_had_not_reached_the_archive_comes_from_every_shard_of_the_log() -> None:
    late = EVENTS[-20:]
    world = World(archived=EVENTS[:-20])
    records = [record(it, number) for number, it in enumerate(late, 1)]
    world.log = LogInMemory({"shard-0": records[::2], "shard-1": records[1::2]})
    world.run()
    assert built(world) == folded()
    began = clock.parse_time(world.pointer.at.began_at or "")
    for since, until in world.log.asked:
        assert since == began - HOUR
        # Until every warm function knows, and the last batch of one that did not has ended.
        assert until >= began + timedelta(seconds=POINTER_SECONDS + rebuild.BATCH_SECONDS)


def test_catching_up_goes_on_after_the_last_batch_that_was_applied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(archived=EVENTS[:-20])
    records = [record(it, number) for number, it in enumerate(EVENTS[-20:], 1)]
    world.log = LogInMemory({"shard-0": records})
    monkeypatch.setattr(rebuild, "WORK_SECONDS", -1)
    plan = world.step("plan")
    for number in range(plan["tasks"]):
        world.step("partition", task=number)
    for number in range(plan["partitions"]):
        world.step("fold", partition=number)
    answers = [world.step("catch_up") for _ in range(5)]
    assert [it["records"] for it in answers] == [5, 10, 15, 20, 20]
    assert [it["caught_up"] for it in answers] == [False, False, False, False, True]
    assert built(world) == folded()


def test_before_every_projector_writes_both_generations_the_rebuild_waits() -> None:
    world = World()
    world.pointer.at = Generation("g1", "g2", False, 2, clock.now())
    with pytest.raises(NotReady, match="has not caught up"):
        world.run()
    assert world.step("catch_up")["wait_seconds"] > rebuild.BATCH_SECONDS


def test_a_log_that_does_not_reach_back_to_the_beginning_is_not_trusted() -> None:
    world = World()
    world.log.retention = 1
    with pytest.raises(NotReady, match="begin again"):
        world.run()


def test_a_generation_that_is_not_being_built_is_left_alone() -> None:
    world = World()
    world.pointer.at = Generation("g2", "g1", True, 2, clock.now())
    for step in ({"step": "plan"}, {"step": "catch_up"}):
        with pytest.raises(PointerMoved):
            world.rebuild.answer({**step, "generation": "g1"})


@pytest.mark.parametrize(
    "request_",
    [{}, {"step": "destroy"}, {"step": "fold", "generation": "g2"}, {"step": "plan", "tasks": 1}],
)
def test_a_request_of_another_form_is_refused(request_: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        World().rebuild.answer(request_)
