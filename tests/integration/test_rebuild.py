"""A read model is built again from the archive, while customers order and read."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from rich.console import Console

from shared.read_models.pointer import Pointer, PointerMoved
from stacks.services import views
from tests.support.drivers.console_views import Views
from tests.support.drivers.offline import eventually
from tests.support.drivers.own_system import OwnSystem, data, own_system
from tests.support.drivers.shop import Shop
from tests.support.drivers.tracking_driver import TrackingDriver
from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.operations import rebuild
from tools.operations.__main__ import main
from tools.operations.rebuild import Pace

SMALL_STEPS = Pace(batch_seconds=1, task_bytes=8_000, partition_bytes=8_000)
STATUS = {
    "OrderPlaced": "placed",
    "OrderConfirmed": "confirmed",
    "OrderRejected": "rejected",
    "OrderCancelled": "cancelled",
}
VIEWS = tuple(views())
SHARDS = 2
QUIET = Console(file=io.StringIO())


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnSystem]:
    with own_system(tmp_path_factory.mktemp("rebuild")) as own:
        own.split_the_log(SHARDS)
        for order_id in own.place(12)[::4]:
            own.cancel(order_id)
        own.settle()
        eventually(lambda: archive_is_complete(own))
        assert len(own.records_by_shard()) == SHARDS
        assert all(own.records_by_shard()), "every shard has a part in what is rebuilt"
        yield own


@pytest.fixture
def one_generation(system: OwnSystem) -> None:
    """No test finds another's generations."""
    for view in VIEWS:
        rebuild.retire(system.target, QUIET, view=view, confirm=True, batch_seconds=1)


pytestmark = pytest.mark.usefixtures("one_generation")


def archive_is_complete(system: OwnSystem) -> bool:
    missing = system.reconcile()["missing"]
    assert not any(place["count"] for place in missing.values()), missing
    return True


def run(system: OwnSystem, view: str, target: Target | None = None) -> str:
    """Rebuild; the generation that is served then."""
    rebuild.from_here(target or system.target, QUIET, view=view, pace=SMALL_STEPS)
    live: str = status(system, view)["live"]
    return live


def status(system: OwnSystem, view: str) -> Any:
    service = views()[view].name
    return system.target.call(service, "rebuild-arn", {"step": "status"})


def checksum(system: OwnSystem, view: str, generation: str) -> Any:
    return rebuild.checksum(system.target, view, generation)


def what_the_store_says(system: OwnSystem) -> dict[str, Any]:
    """An independent fold of the event store: each order as its customer should see it."""
    return {
        order_id: {
            "version": len(events),
            "status": STATUS[events[-1]["type"]["S"]],
            "total": data(events[0])["total"],
            "placed_at": events[0]["occurred_at"]["S"],
            "updated_at": events[-1]["occurred_at"]["S"],
        }
        for order_id, events in system.stored().items()
    }


def what_the_view_says(system: OwnSystem, generation: str) -> dict[str, Any]:
    return {
        item["order_id"]["S"]: {
            "version": int(item["version"]["N"]),
            "status": item["status"]["S"],
            "total": int(item["total"]["N"]),
            "placed_at": item["placed_at"]["S"],
            "updated_at": item["updated_at"]["S"],
        }
        for item in system.items("order-views", "OrderView")
        if item["view_id"]["S"].startswith(f"{generation}#")
    }


def sold_by_the_store(system: OwnSystem) -> Counter[str]:
    return Counter(
        {
            "orders": sum(1 for _ in _confirmations(system)),
            "amount": sum(data(event)["total"] for event in _confirmations(system)),
        }
    )


def _confirmations(system: OwnSystem) -> Iterator[dict[str, Any]]:
    for events in system.stored().values():
        yield from (event for event in events if event["type"]["S"] == "OrderConfirmed")


def sold_by_the_view(system: OwnSystem, generation: str) -> Counter[str]:
    sold: Counter[str] = Counter()
    for item in system.items("sales", "Sales"):
        if item["pk"]["S"].startswith(f"{generation}#day#"):
            sold["orders"] += int(item["orders"]["N"])
            sold["amount"] += int(item["amount"]["N"])
    return sold


def sold_as_colleagues_are_told(system: OwnSystem) -> Counter[str]:
    told: Counter[str] = Counter()
    for day in {event["occurred_at"]["S"][:10] for event in _confirmations(system)}:
        for total in system.target.call("sales", "sales-by-day-arn", {"day": day})["totals"]:
            told.update(orders=total["orders"], amount=total["amount"])
    return told


def test_a_view_that_was_deleted_comes_back_with_the_same_checksum(system: OwnSystem) -> None:
    for view, (service, table, key) in {
        "order-view": ("order-views", "OrderView", ("view_id",)),
        "sales": ("sales", "Sales", ("pk", "sk")),
    }.items():
        before = status(system, view)["live"]
        sum_before = checksum(system, view, before)
        assert sum_before["items"] > 0
        for item in system.items(service, table):
            if item[key[0]]["S"].startswith(f"{before}#"):
                system.deployment.cloud.client("dynamodb").delete_item(
                    TableName=system.deployment.named(service, "tables", table),
                    Key={name: item[name] for name in key},
                )
        rebuilt = run(system, view)
        assert rebuilt != before
        assert checksum(system, view, rebuilt) == sum_before
    assert what_the_view_says(system, status(system, "order-view")["live"]) == what_the_store_says(
        system
    )
    assert sold_by_the_view(system, status(system, "sales")["live"]) == sold_by_the_store(system)
    assert sold_as_colleagues_are_told(system) == sold_by_the_store(system)


def test_customers_order_and_read_while_it_is_built(system: OwnSystem) -> None:
    before = len(system.placed)
    with system.orders_keep_coming() as faults:
        eventually(lambda: len(system.placed) > before + 3)
        live, placed_during = {}, {}
        for view in VIEWS:
            begun = len(system.placed)
            live[view] = run(system, view)
            placed_during[view] = len(system.placed) - begun
        during = len(system.placed)
        eventually(lambda: len(system.placed) > max(during + 3, before + 10))
    assert faults == []
    assert all(placed_during.values()), f"orders came while each was built: {placed_during}"
    system.settle()
    for view in VIEWS:
        found = status(system, view)
        assert found["live"] == live[view]
        assert checksum(system, view, found["live"]) == checksum(system, view, found["building"])
    assert what_the_view_says(system, live["order-view"]) == what_the_store_says(system)
    assert sold_by_the_view(system, live["sales"]) == sold_by_the_store(system)


class Killed(BaseException):
    """The end of the process that runs the command."""


@dataclass
class Mortal:
    """Makes so many calls, and no more."""

    target: Target
    left: int
    made: int = 0

    def call(self, service: str, resource: str, request: Any) -> Any:
        if self.made == self.left:
            raise Killed
        self.made += 1
        return self.target.call(service, resource, request)


class MortalTarget(Target):
    """A target whose calls end at a certain one."""

    mortal: Mortal

    def call(self, service: str, resource: str, request: Any) -> Any:
        return self.mortal.call(service, resource, request)


def mortal_target(target: Target, calls: int) -> MortalTarget:
    made = MortalTarget(target.name, target.environment, target.client, is_offline=True)
    object.__setattr__(made, "mortal", Mortal(target, calls))
    return made


@pytest.mark.parametrize(
    "percent",
    [pytest.param(10, marks=pytest.mark.nightly), 50, pytest.param(99, marks=pytest.mark.nightly)],
)
def test_a_rebuild_that_was_killed_goes_on_where_it_ended(system: OwnSystem, percent: int) -> None:
    before = status(system, "sales")["live"]
    service = {"step": "begin"}
    generation = system.target.call("sales", "rebuild-arn", service)["building"]
    plan = system.target.call(
        "sales",
        "rebuild-arn",
        {
            "step": "plan",
            "generation": generation,
            "task_bytes": SMALL_STEPS.task_bytes,
            "partition_bytes": SMALL_STEPS.partition_bytes,
        },
    )
    work = plan["tasks"] + plan["partitions"]
    assert work > 10
    with pytest.raises(Killed):
        run(system, "sales", mortal_target(system.target, 2 + work * percent // 100))
    found = status(system, "sales")
    assert (found["live"], found["building"], found["complete"]) == (before, generation, False)

    assert run(system, "sales") == generation

    assert checksum(system, "sales", generation) == checksum(system, "sales", before)
    assert sold_by_the_view(system, generation) == sold_by_the_store(system)


def test_the_state_machine_does_the_same(system: OwnSystem) -> None:
    before = status(system, "order-view")["live"]
    pace = replace(SMALL_STEPS, task_bytes=60_000, partition_bytes=60_000)
    rebuild.by_machine(system.target, QUIET, view="order-view", pace=pace)
    found = status(system, "order-view")
    assert (found["building"], found["complete"]) == (before, True)
    assert checksum(system, "order-view", found["live"]) == checksum(system, "order-view", before)
    assert what_the_view_says(system, found["live"]) == what_the_store_says(system)


@pytest.mark.nightly
def test_the_way_back_has_everything_that_came_since(system: OwnSystem) -> None:
    before = status(system, "order-view")["live"]
    run(system, "order-view")
    since = system.place(2)
    system.settle()
    assert main(["--workspace", system.workspace, "rebuild-back", "--view", "order-view"]) == 0
    assert status(system, "order-view")["live"] == before
    eventually(lambda: all(system.read(order_id).status == 200 for order_id in since))
    assert what_the_view_says(system, before) == what_the_store_says(system)


def test_only_what_is_not_served_is_erased_and_only_when_confirmed(system: OwnSystem) -> None:
    before = status(system, "order-view")["live"]
    served = run(system, "order-view")
    command = ["--workspace", system.workspace, "rebuild-retire", "--view", "order-view"]
    assert main(command) == 2
    assert what_the_view_says(system, before)
    with pytest.raises(OperationFailed, match="retire"):
        system.target.call("order-views", "rebuild-arn", {"step": "begin"})
    assert main([*command, "--confirm", "--batch-seconds", "1"]) == 0
    assert what_the_view_says(system, before) == {}
    assert what_the_view_says(system, served) == what_the_store_says(system)


def test_what_is_not_complete_is_not_served(system: OwnSystem) -> None:
    def step(name: str, **details: Any) -> Any:
        return system.target.call("sales", "rebuild-arn", {"step": name, **details})

    generation = step("begin")["building"]
    with pytest.raises(OperationFailed, match="no plan"):
        step("switch", generation=generation)
    plan = step("plan", generation=generation)
    with pytest.raises(OperationFailed, match="not partitioned"):
        step("fold", generation=generation, partition=0)
    for task in range(plan["tasks"]):
        step("partition", generation=generation, task=task)
    with pytest.raises(OperationFailed, match="not folded"):
        step("catch_up", generation=generation, batch_seconds=0)
    for partition in range(plan["partitions"]):
        step("fold", generation=generation, partition=partition)
    assert step("catch_up", generation=generation, batch_seconds=3600)["wait_seconds"] > 3000
    with pytest.raises(OperationFailed, match="not caught up"):
        step("switch", generation=generation)
    with pytest.raises(OperationFailed, match="no complete generation"):
        step("back")
    assert json.loads(json.dumps(status(system, "sales")))["complete"] is False


def test_a_pointer_that_was_moved_meanwhile_is_not_moved_again(
    system: OwnSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = system.deployment.cloud.client("dynamodb")
    table = system.deployment.named("sales", "tables", "Sales")
    key = {"pk": {"S": "pointer"}, "sk": {"S": "pointer"}}
    slow, fast = Pointer(client, table, key), Pointer(client, table, key)
    begun = slow.begin()
    monkeypatch.setattr(slow, "read", lambda: begun)
    fast.retire()
    with pytest.raises(PointerMoved, match="meanwhile"):
        slow.switch(begun.building or "")
    assert fast.read().live == begun.live


@pytest.mark.nightly
@pytest.mark.enforced
def test_an_operator_rebuilds_a_view_takes_it_back_and_retires_it(system: OwnSystem) -> None:
    console = Views(system.deployment)
    assert console.view()["problem"] is None
    live = console.states()["served"]
    assert console.view()["may"] == ["rebuild"]
    plan = console.plan("rebuild")
    assert "fills a new generation" in " ".join(plan["does"])
    assert console.post("back", {"dry_run": True}).status == 409
    with ThreadPoolExecutor(2) as both:
        asked = list(both.map(lambda _: console.confirm("rebuild", plan), range(2)))
    assert sorted(it.status for it in asked) == [200, 409], asked
    new = next(it for it in asked if it.status == 200).json["result"]["generation"]
    phases: set[str] = set()
    with TrackingDriver(system.deployment) as courier:
        shop = Shop(system.deployment, courier)

        def is_served() -> bool:
            view = console.view()
            assert (view["run"] or {}).get("status") in (None, "RUNNING", "SUCCEEDED"), view
            if view["rebuild"]:
                phases.add(view["rebuild"]["phase"])
                if len(phases) == 1:
                    shop.place()
            done = (console.states()["served"], view["run"]["status"])
            return done == (new, "SUCCEEDED")

        eventually(is_served)
    assert phases & {"plan", "partition", "fold", "catch_up"}
    view = console.view()
    assert view["equal"] is True, view
    assert view["may"] == ["back", "retire"]
    plan = console.plan("back")
    assert console.confirm("back", plan).json["result"] == {"generation": live, "joined": False}
    assert console.confirm("back", plan).status == 409, "what was seen is not so any more"
    assert console.states() == {"served": live, "kept": new}
    assert console.confirm("back", console.plan("back")).status == 200
    plan = console.plan("retire")
    assert "erased for good" in " ".join(plan["does"])
    assert console.confirm("retire", plan).json["result"]["generation"] == live
    eventually(lambda: console.states() == {"served": new})
    assert console.view()["may"] == ["rebuild"]
