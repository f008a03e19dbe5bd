"""A restore that is interrupted anywhere, and repeated, ends as one that was not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from shared.messaging.envelope import encode
from tests.support.examples.log_of_orders import ORDERS, event
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory
from tests.unit.tools.recovery.test_exports import Bucket
from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.recovery import restore, tables
from tools.recovery.exports import Exports
from tools.recovery.items import item_of
from tools.recovery.restore import Plan, Restore, Sources

STORE, GATE, STOCK, PROFILES = "store", "gate", "stock", "profiles"
TABLES = {
    tables.EVENT_STORE: STORE,
    tables.GATE: GATE,
    tables.PROFILES: PROFILES,
    tables.SAGAS: "sagas",
    "inventory-Stock": STOCK,
}
DELIVERY = {"sku": {"S": "MUG"}, "entry": {"S": "delivery#1"}, "quantity": {"N": "2"}}
AT = "2026-12-01T09:30:00.000Z"
IN_BACKUP = [event(ORDERS[0], 1, "OrderPlaced"), event(ORDERS[0], 2, "OrderConfirmed")]
ARCHIVED = [
    *IN_BACKUP,
    event(ORDERS[1], 1, "OrderPlaced"),
    event(ORDERS[1], 2, "OrderRejected"),
    event(ORDERS[2], 2, "OrderConfirmed"),
]


class PowerCut(Exception):
    """What interrupts."""


class Scans:
    def __init__(self, table: DynamoDbInMemory) -> None:
        self._table = table

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        yield self._table.scan(**request)


class Dynamo(DynamoDbInMemory):
    def __init__(self) -> None:
        keys = {
            STORE: ("order_id", "version"),
            GATE: ("order_id",),
            STOCK: ("sku",),
            PROFILES: ("customer_id",),
            "sagas": ("order_id", "part"),
        }
        super().__init__(keys)

    def get_paginator(self, _operation: str) -> Scans:
        return Scans(self)


class Functions:
    """No function has an event source here."""

    def get_paginator(self, _operation: str) -> Functions:
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"EventSourceMappings": []}]


class Archives(Bucket):
    def copy_object(self, *, Bucket: str, Key: str, CopySource: Any) -> None:  # noqa: N803
        """Both archives are one here."""


class World:
    """A region without an event, the exports and the archive's copy beside it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dynamodb, self.s3 = Dynamo(), Archives()
        clients = {"dynamodb": self.dynamodb, "s3": self.s3, "lambda": Functions()}
        self.target = Target("here", "prod", lambda it: clients[it], is_offline=True)
        monkeypatch.setattr(Target, "find", lambda *_: "archive")
        monkeypatch.setattr(tables, "of", lambda _: TABLES)
        monkeypatch.setattr(Restore, "_rebuild_views", lambda _: None)
        exports = Exports(self.s3, "b")
        exports.write(tables.EVENT_STORE, [item_of(it) for it in IN_BACKUP], AT)
        exports.write("inventory-Stock", [DELIVERY], AT)
        exports.write("inventory-Reservations", [], AT)
        exports.write(tables.PROFILES, [{"customer_id": {"S": it}} for it in ("c-1", "c-2")], AT)
        exports.write(tables.SAGAS, [], AT)
        exports.write(tables.GATE, [], AT)
        gone = {"customer_id": "c-2"}
        forgotten = replace(
            event(ORDERS[3], 1, "CustomerForgotten"),
            aggregate_type="customer",
            version=None,
            data=gone,
        )
        lines = [*map(encode, [*ARCHIVED, forgotten]), b"noise"]
        self.s3.objects["events/day=2026-12-01/0"] = b"\n".join(lines)
        self.sources = Sources(exports, "copy")

    def plan(self) -> Plan:
        return restore.plan(self.target, self.sources)

    def restore(self) -> None:
        """All steps; sagas get no time."""
        Restore(self.target, self.sources, self.plan(), Console(quiet=True), patience=0).run()

    def found(self) -> dict[str, Any]:
        return deepcopy({it: self.dynamodb.items(it) for it in TABLES.values()})


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    world = World(monkeypatch)
    world.restore()
    return world.found()


def test_a_restore_brings_what_backup_and_archive_have_and_nobody_who_was_forgotten(
    whole: dict[str, Any],
) -> None:
    events = [(it["order_id"]["S"], it["version"]["N"]) for it in whole[STORE]]
    assert events == [(ORDERS[0], "1"), (ORDERS[0], "2"), (ORDERS[1], "1"), (ORDERS[1], "2")]
    assert whole[STOCK] == [DELIVERY]
    assert [it["customer_id"]["S"] for it in whole[PROFILES]] == ["c-1"]


@pytest.mark.parametrize("operation", ["put_item", "batch_write_item", "scan"])
@pytest.mark.parametrize("call", range(4))
def test_wherever_it_is_interrupted_the_same_command_goes_on(
    operation: str, call: int, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, left = World(monkeypatch), call

    def cut(name: str, _request: Any) -> None:
        nonlocal left
        if name == operation:
            left -= 1
            if left < 0:
                raise PowerCut

    world.dynamodb.before = cut
    with suppress(PowerCut):  # of some operations there are fewer calls
        world.restore()
    world.dynamodb.before = lambda _name, _request: None
    world.restore()
    assert world.found() == whole


def test_what_sagas_and_customers_did_since_is_not_overwritten_by_a_repetition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch)
    world.restore()
    world.dynamodb.put_item(TableName=STOCK, Item=DELIVERY | {"quantity": {"N": "9"}})
    world.dynamodb.put_item(TableName=STORE, Item=item_of(event(ORDERS[4], 1, "OrderPlaced")))
    before = world.found()
    world.restore()
    assert world.found() == before


def test_a_region_that_has_written_by_itself_is_not_restored_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch)
    world.dynamodb.put_item(TableName=STORE, Item=item_of(event(ORDERS[4], 1, "OrderPlaced")))
    before = world.found()
    with pytest.raises(OperationFailed, match=f"{ORDERS[4]} version 1"):
        world.restore()
    assert world.found() == before


def test_what_cannot_be_restored_is_named_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = World(monkeypatch).plan()
    assert plan.merged.holes == ((ORDERS[2], 1),)
    assert len(plan.archived.unusable) == 1
    assert plan.missing == []


def test_without_an_event_store_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    for key in [it for it in world.s3.objects if tables.EVENT_STORE in it]:
        del world.s3.objects[key]
    with pytest.raises(OperationFailed, match="no whole export of the event store"):
        world.plan()


def test_an_event_that_is_there_is_never_overwritten() -> None:
    dynamodb = Dynamo()
    placed = item_of(event(ORDERS[0], 1, "OrderPlaced"))
    known = placed | {"request_hash": {"S": "what the customer asked for"}}
    assert restore.append_once(dynamodb, STORE, known)
    assert not restore.append_once(dynamodb, STORE, placed)
    assert dynamodb.items(STORE) == [known]
