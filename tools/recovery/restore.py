"""Restores a region: archive, tables, events, sagas and views, each step once and in this order.

Whatever interrupts it, the same command goes on: steps that are done are noted beside the exports,
and a step that is not done can be repeated.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console
from rich.table import Table

from contracts.product import PRODUCT
from orders.adapters.event_codec import CODEC
from shared.messaging.envelope import Envelope
from shared.runtime import clock
from stacks.services import views
from tools.base.errors import FunctionFailed, OperationFailed
from tools.base.target import Target
from tools.emulator.batches import BATCH_OFFLINE
from tools.operations import rebuild
from tools.recovery import archive_copy, tables
from tools.recovery.archive_copy import Archived
from tools.recovery.exports import Exports
from tools.recovery.items import item_of
from tools.recovery.merging import Merged, merged
from tools.recovery.tables import Item

AT_ONCE = 8
PLACES = "places"
"""Where the lost region's log had an order's versions: the new log has them elsewhere."""
DECIDES = ("confirm-order", "reject-order")
"""The steps whose answer is the order's own history."""
TOLD_AGAIN = timedelta(minutes=10)
"""What was published on the bus so shortly before the backup is published once more: it may have
stood in a queue, which nobody backs up. Who hears it knows it again by its id."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a lost region is restored from: exports of its tables, and its archive's copy."""

    exports: Exports
    archive_copy: str
    """The bucket, in the region that is restored to."""


@dataclass
class Restored:
    """What a restore did, and what it could not."""

    seconds: dict[str, float] = field(default_factory=dict)
    objects: int = 0
    items: int = 0
    from_archive: int = 0
    resumed: int = 0
    undecided: list[str] = field(default_factory=list)
    """Orders whose saga had not come to its decision when patience ended."""


@dataclass
class Plan:
    """What there is to restore: nothing of it is done yet."""

    taken_at: str
    archived: Archived
    stored: dict[str, dict[int, Envelope]]
    merged: Merged
    tables: Mapping[str, str]
    missing: Sequence[str]
    """Tables of the region of which there is no export."""


def plan(target: Target, sources: Sources) -> Plan:
    """Read the exports and the archive's copy, and what the region has by itself.

    Raises:
        OperationFailed: there is no export of the event store, or it is damaged.
    """
    found = tables.of(target)
    exported = sources.exports.names()
    if tables.EVENT_STORE not in exported:
        raise OperationFailed("there is no whole export of the event store")
    archived = archive_copy.read(target.client("s3"), sources.archive_copy)
    stored: dict[str, dict[int, Envelope]] = defaultdict(dict)
    for item in sources.exports.items(tables.EVENT_STORE):
        event = CODEC.to_envelope(item)
        stored[event.aggregate_id][event.version or 0] = event
    return Plan(
        taken_at=sources.exports.taken_at(tables.EVENT_STORE),
        archived=archived,
        stored=dict(stored),
        merged=merged(stored, archived.events),
        tables=found,
        missing=sorted(set(found) - set(exported)),
    )


def show(plan_: Plan, console: Console) -> None:
    """What would be restored, and what is lost for certain."""
    table = Table(box=None, show_header=False)
    table.add_row("backup of", plan_.taken_at)
    table.add_row("newest message in the archive's copy", plan_.archived.last or "none")
    table.add_row("events in the backup", f"{sum(map(len, plan_.stored.values())):,}")
    added = len(plan_.merged.first) + len(plan_.merged.later)
    table.add_row("events that only the archive has", f"{added:,}")
    console.print(table)
    for conflict in plan_.merged.conflicts:
        console.print(f"two histories: {conflict}; the backup's counts", style="yellow")
    for order_id, version in plan_.merged.holes:
        console.print(f"order {order_id}: version {version} is nowhere; later ones wait for it")
    for what in plan_.archived.unusable:
        console.print(f"cannot be used: {what}", style="yellow")
    if plan_.missing:
        console.print(f"without an export: {', '.join(plan_.missing)}", style="yellow")


@dataclass
class Restore:
    """One restore. ``patience`` is how many seconds sagas get to come to their decision."""

    target: Target
    sources: Sources
    plan: Plan
    console: Console
    patience: float = 60.0
    done: Restored = field(default_factory=Restored)

    def run(self) -> Restored:
        """Take every step that is not done yet.

        Raises:
            OperationFailed: the region has written by itself before it was restored.
        """
        if not self._noted("tables"):
            self._refuse_a_region_that_has_written()
        with _without_deciding(self.target):
            self._step("archive", self._copy_the_archive)
            self._step("tables", self._put_tables)
            self._step("backup's events", self._put_stored_events)
            self._step("first events", lambda: self._append(self.plan.merged.first))
            self._step("sagas", self._resume_sagas)
            self._step("later events", lambda: self._append(self.plan.merged.later))
        self._step("views", self._rebuild_views)
        return self.done

    def _step(self, name: str, work: Callable[[], None]) -> None:
        if self._noted(name):
            self.console.print(f"{name}: done before")
            return
        begun = time.monotonic()
        with self.console.status(name):
            work()
        self.done.seconds[name] = time.monotonic() - begun
        self.sources.exports.note(self._note(name), {"at": clock.now()})
        self.console.print(f"{name:<24}{self.done.seconds[name]:5.1f} s")

    def _note(self, name: str) -> str:
        return f"{self.target.region}-{name.replace(' ', '-')}"

    def _noted(self, name: str) -> bool:
        return self.sources.exports.noted(self._note(name))

    def _refuse_a_region_that_has_written(self) -> None:
        known = {
            (order_id, version)
            for order_id, versions in self.plan.stored.items()
            for version in versions
        }
        known |= {(it.aggregate_id, it.version or 0) for it in self.plan.archived.events}
        own = [
            f"{item['order_id']['S']} version {item['version']['N']}"
            for item in tables.items_of(self.target, self.plan.tables[tables.EVENT_STORE])
            if (item["order_id"]["S"], int(item["version"]["N"])) not in known
        ]
        if own:
            raise OperationFailed(
                f"{self.target.name} has {len(own)} events that neither backup nor archive have, "
                f"such as {own[0]}: deploy its tables anew, then restore"
            )

    def _copy_the_archive(self) -> None:
        archive = self.target.find("event-log", "archive-bucket-name")
        client = self.target.client("s3")
        self.done.objects = archive_copy.copy_back(client, self.sources.archive_copy, archive)

    def _put_tables(self) -> None:
        exports = self.sources.exports
        for name, table in self.plan.tables.items():
            if name in self.plan.missing or name == tables.EVENT_STORE:
                continue
            items = list(self._kept(name, exports.items(name)))
            tables.put_all(self.target, table, items)
            self.done.items += len(items)

    def _kept(self, name: str, items: list[Item]) -> Iterator[Item]:
        exports = self.sources.exports
        if name == tables.PROFILES:
            gone = self.plan.archived.forgotten | self._tombstones()
            yield from (it for it in items if it["customer_id"]["S"] not in gone)
        elif name == tables.GATE:
            yield from gate_before(items, self.plan.stored, self.plan.taken_at)
        elif name == tables.SAGAS:
            yield from map(interrupted, items)
        elif name == tables.STOCK:
            yield from counted_anew(items, exports.items(tables.RESERVATIONS))
        elif name == tables.GATHERINGS:
            # Carriers' answers and the deadline of an open one were in queues: it begins anew.
            yield from (it for it in items if it["status"]["S"] == "closed")
        else:
            yield from items

    def _tombstones(self) -> set[str]:
        name = tables.TOMBSTONES
        if name not in self.plan.tables or name in self.plan.missing:
            return set()
        return {it["customer_id"]["S"] for it in self.sources.exports.items(name)}

    def _put_stored_events(self) -> None:
        by_order: dict[str, list[Item]] = defaultdict(list)
        for item in self.sources.exports.items(tables.EVENT_STORE):
            by_order[item["order_id"]["S"]].append(item)
        self._append_items(by_order)

    def _append(self, events: Sequence[Envelope]) -> None:
        by_order: dict[str, list[Item]] = defaultdict(list)
        for event in events:
            by_order[event.aggregate_id].append(item_of(event))
        self._append_items(by_order)
        self.done.from_archive += len(events)

    def _append_items(self, by_order: Mapping[str, list[Item]]) -> None:
        """Each order's in the order of its versions; a version that is taken stays as it is."""
        table = self.plan.tables[tables.EVENT_STORE]
        client = self.target.client("dynamodb")

        def append(items: list[Item]) -> None:
            for item in sorted(items, key=lambda it: int(it["version"]["N"])):
                append_once(client, table, item)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(append, by_order.values()))

    def _resume_sagas(self) -> None:
        """Those that were open go on; those of orders placed since begin, as the bus tells them."""
        table = self.plan.tables[tables.SAGAS]
        items = list(tables.items_of(self.target, table))
        running = [
            it["order_id"]["S"]
            for it in items
            if it["part"]["S"] == "saga" and it["state"]["S"] == "running"
        ]
        for order_id in running:
            try:
                self.target.call("fulfilment", "resume-arn", {"order_id": order_id})
                self.done.resumed += 1
            except FunctionFailed as failed:
                if failed.kind != "SagaStillRunning":
                    raise
        # Whoever has nothing to be told goes on as it can.
        waits = {it.aggregate_id for it in self.plan.merged.later}
        self.done.undecided = self._await_decisions(table, waits)

    def _await_decisions(self, table: str, orders: set[str]) -> list[str]:
        deadline = time.monotonic() + self.patience
        while True:
            orders = {it for it in orders if not self._is_decided(table, it)}
            if not orders or time.monotonic() > deadline:
                return sorted(orders)
            time.sleep(0.5)

    def _is_decided(self, table: str, order_id: str) -> bool:
        """Whether its saga has asked the order itself, or has nothing left to ask."""
        answer = self.target.client("dynamodb").query(
            TableName=table,
            KeyConditionExpression="order_id = :id",
            ExpressionAttributeValues={":id": {"S": order_id}},
            ConsistentRead=True,
        )
        parts = {it["part"]["S"]: it for it in answer["Items"]}
        if "saga" not in parts:
            return False
        return parts["saga"]["state"]["S"] != "running" or any(it in parts for it in DECIDES)

    def _rebuild_views(self) -> None:
        seconds = BATCH_OFFLINE if self.target.is_offline else rebuild.BATCH_SECONDS
        for view in views():
            rebuild.from_here(
                self.target, Console(quiet=True), view=view, pace=rebuild.Pace(seconds)
            )


def gate_before(
    items: list[Item], stored: Mapping[str, Mapping[int, Envelope]], taken_at: str
) -> Iterator[Item]:
    """The bus publisher's gate as it was some minutes before: what came since is told again."""
    horizon = clock.format_time(clock.parse_time(taken_at) - TOLD_AGAIN)
    for found in items:
        item = {name: value for name, value in found.items() if name != PLACES}
        history = stored.get(item["order_id"]["S"], {})
        old = [version for version, event in history.items() if event.occurred_at < horizon]
        if "version" not in item or (history and len(old) == len(history)):
            yield item
        elif old:  # else nothing of the order was published, as far as the backup knows
            yield item | {"version": {"N": str(min(max(old), int(item["version"]["N"])))}}


def counted_anew(stock: list[Item], reservations: list[Item]) -> Iterator[Item]:
    """Stock with levels that fit deliveries and reservations.

    Both tables change in one transaction, and are not backed up in the same instant.
    """
    bound: dict[str, Counter[str]] = {"held": Counter(), "sold": Counter()}
    for reservation in reservations:
        for line in reservation.get("lines", {"L": []})["L"]:
            pieces = bound.get(reservation["status"]["S"], Counter())
            pieces[line["M"]["sku"]["S"]] += int(line["M"]["quantity"]["N"])
    delivered: Counter[str] = Counter()
    for item in stock:
        if item["entry"]["S"] != "level":
            delivered[item["sku"]["S"]] += int(item["quantity"]["N"])
    for item in stock:
        if item["entry"]["S"] != "level":
            yield item
            continue
        sku = item["sku"]["S"]
        held, sold = bound["held"][sku], bound["sold"][sku]
        levels = {"available": delivered[sku] - held - sold, "reserved": held, "sold": sold}
        yield item | {name: {"N": str(pieces)} for name, pieces in levels.items()}


def interrupted(item: Item) -> Item:
    """A saga's item as if its execution had been lost: it is not begun once more, but resumed.

    The bus may tell of its order again. A saga that had only begun would then begin anew, and
    forget how far its undoing was.
    """
    if item["part"]["S"] != "saga" or item["state"]["S"] != "running":
        return item
    return item | {"attempt": {"N": str(int(item["attempt"]["N"]) + 1)}}


def append_once(client: Any, table: str, item: Item) -> bool:
    """Put an event if its version is free; whether it was."""
    try:
        client.put_item(
            TableName=table, Item=item, ConditionExpression="attribute_not_exists(order_id)"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


@contextmanager
def _without_deciding(target: Target) -> Iterator[None]:
    """Commands to orders wait in their queue: sagas come as far as that, and no further."""
    client = target.client("lambda")
    wanted = f":function:{PRODUCT}-{target.environment}-orders-QueuedCommands"
    pages = client.get_paginator("list_event_source_mappings").paginate()
    found = [
        it["UUID"]
        for page in pages
        for it in page["EventSourceMappings"]
        if wanted in it["FunctionArn"]
    ]
    for mapping in found:
        client.update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        yield
    finally:
        for mapping in found:
            client.update_event_source_mapping(UUID=mapping, Enabled=True)
