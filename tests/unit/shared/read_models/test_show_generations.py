"""Operators see a view's generations and how far a rebuild is, and nothing of what is in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.read_models import show
from shared.read_models.pointer import Generation
from shared.read_models.rebuild_runs import RebuildRuns, Run
from shared.read_models.scratch import Scratch
from shared.read_models.show_generations import answer
from tests.support.examples.log_of_orders import ORDERS
from tests.support.fakes.in_memory_s3 import InMemoryS3
from tests.unit.shared.read_models.test_rebuild_steps import CONFIRMED, World

NOON = "2026-12-01T12:00:00.000Z"
RUN = Run("build-g2", "RUNNING", NOON, None)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr("shared.runtime.clock.now", lambda: NOON)
    return world


def told(world: World, run: Run | None = None) -> dict[str, Any]:
    said = answer(world.pointer.read(), Scratch(world.scratch, "scratch"), run)
    written = json.dumps(said)  # as Lambda does
    assert not [it for it in ORDERS if it in written], "no order is told"
    return said


def states(said: dict[str, Any]) -> list[tuple[str, str]]:
    return [(it["name"], it["state"]) for it in said["generations"]]


def test_a_view_that_was_never_rebuilt_has_one_generation(world: World) -> None:
    said = told(world)
    assert states(said) == [("g1", "served")]
    assert said["generations"][0] == {
        "name": "g1",
        "state": "served",
        "since": None,
        "items": None,
        "sum": None,
        "summed_at": None,
    }
    assert (said["rebuild"], said["run"]) == (None, None)


def test_each_phase_of_a_rebuild_is_told_with_its_counts(world: World) -> None:
    def rebuild() -> tuple[str, int | None, int, int | None, int]:
        found = told(world)["rebuild"]
        return tuple(found[it] for it in ("phase", "tasks", "partitioned", "partitions", "folded"))

    world.archived(CONFIRMED)
    world.step("begin")
    assert rebuild() == ("plan", None, 0, None, 0)
    plan = world.step("plan", task_bytes=1, partition_bytes=2000)
    tasks, partitions = plan["tasks"], plan["partitions"]
    assert min(tasks, partitions) > 1
    assert rebuild() == ("partition", tasks, 0, partitions, 0)
    found = told(world)["rebuild"]
    stored = world.archive.objects.values()
    assert (found["objects"], found["bytes"]) == (len(stored), sum(map(len, stored)))
    world.step("partition", task=0)
    assert rebuild() == ("partition", tasks, 1, partitions, 0)
    for task in range(1, tasks):
        world.step("partition", task=task)
    world.step("fold", partition=0)
    assert rebuild() == ("fold", tasks, tasks, partitions, 1)
    for partition in range(1, partitions):
        world.step("fold", partition=partition)
    assert rebuild() == ("catch_up", tasks, tasks, partitions, partitions)
    assert told(world)["rebuild"]["records"] is None
    world.scratch.objects["g2/caught-up.json"] = json.dumps(
        {"shards": {"shard-0": "7"}, "records": 5, "caught_up": True}
    ).encode()
    assert rebuild()[0] == "switch"
    assert told(world)["rebuild"]["records"] == 5
    assert states(told(world)) == [("g1", "served"), ("g2", "filled")]


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        (
            Generation("g2", "g1", True, 2, "began", switched_at=NOON),
            [("g2", "served", NOON), ("g1", "kept", NOON)],
        ),
        (
            Generation("g2", newest=2, erasing="g1", retired_at=NOON),
            [("g2", "served", None), ("g1", "erased", NOON)],
        ),
    ],
)
def test_what_is_kept_and_what_is_erased_is_told_with_its_time(
    pointer: Generation, expected: list[tuple[str, str, str | None]]
) -> None:
    said = answer(pointer, Scratch(InMemoryS3(), "scratch"), None)
    assert [(it["name"], it["state"], it["since"]) for it in said["generations"]] == expected
    assert said["rebuild"] is None


def test_sums_are_told_once_somebody_has_made_them(world: World) -> None:
    world.fold()
    world.step("compare")
    said = {it["name"]: it for it in told(world)["generations"]}
    assert {it["summed_at"] for it in said.values()} == {NOON}
    assert said["g1"]["items"] == 0
    assert said["g2"]["items"] == len(ORDERS)
    assert said["g1"]["sum"] != said["g2"]["sum"]


def test_the_newest_execution_is_told_without_its_input(world: World) -> None:
    assert told(world, RUN)["run"] == {"status": "RUNNING", "started_at": NOON, "ended_at": None}


def test_executions_are_read_newest_first_and_one_alone() -> None:
    began = datetime(2026, 12, 1, 12, tzinfo=UTC)

    class States:
        def list_executions(self, **request: Any) -> Any:
            assert request == {"stateMachineArn": "machine", "maxResults": 1}
            ended = {"name": "a", "status": "FAILED", "startDate": began, "stopDate": began}
            return {"executions": [ended]}

    assert RebuildRuns(States(), "machine").newest() == Run("a", "FAILED", NOON, NOON)


def test_who_keeps_no_view_has_no_generations() -> None:
    class Consumer:
        consumer = "bus-publisher"

    of: Any = Consumer()
    with pytest.raises(show.NoView):
        show.answer({"generations": True}, of, lambda _: None)
