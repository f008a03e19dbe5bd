"""The drill: a region is lost while orders are under way, rebuilt in another one, and returned to.

Both regions are emulators of this machine, and so everything that the second one is restored from
is moved as AWS would: the archive object by object, the tables as exports. The payment providers
and the carriers are nobody's region: they go on.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from contracts.product import PRODUCT
from shared.read_models.generation_items import checksum
from shared.runtime import clock
from stacks.services import views
from tools.base.endpoint import ACCOUNT
from tools.base.errors import OfflineError
from tools.base.outputs import Outputs
from tools.base.target import OFFLINE, Target, of_emulator
from tools.base.workspace import Workspace
from tools.emulator.emulator import Emulator
from tools.emulator.payment_provider import PaymentProvider
from tools.local import books, tokens
from tools.local.bring_up import bring_up, phase
from tools.local.demo_order import DemoOrder
from tools.local.invariants import ENDED, OrderRecord, Report, examine
from tools.local.load import body_of
from tools.operations import rebuild
from tools.recovery import archive_copy, fence, restore, tables
from tools.recovery.exports import Exports, export
from tools.recovery.restore import Restore, Restored, Sources
from tools.recovery.tables import Item

FIRST, SECOND = "eu-west-1", "eu-central-1"
EXPORTS = f"{PRODUCT}-drill-exports"
KINDS = ("good", "good", "good", "declined", "out-of-stock", "cancelled")
PATIENCE = 180.0
CLIENTS = 6
NEWER_THAN_THE_BACKUP = 12
"""So many events at least have to come from the archive alone."""
LOST_CALL = (OSError, HTTPException, ValueError)
"""What a client sees of a region that goes while it is asked."""


def copy_bucket(region: str) -> str:
    """The bucket of the archive's copy, named as the stack names it."""
    return f"{PRODUCT}-{OFFLINE}-archive-{ACCOUNT}-{region}"


@dataclass
class Region:
    """One emulator with what is deployed to it."""

    emulator: Emulator
    outputs: Outputs = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.emulator.region

    @property
    def target(self) -> Target:
        return of_emulator(self.emulator.cloud)

    def client(self, service: str) -> Any:
        """A client of this region."""
        return self.target.client(service)

    def table(self, service: str, name: str) -> str:
        """What a table is called here."""
        found: str = self.outputs["services"][service]["tables"][name]
        return found

    def archive(self) -> str:
        """The archive's bucket."""
        found: str = self.outputs["services"]["event-log"]["buckets"]["Archive"]
        return found

    def kill(self) -> None:
        """As a region goes: everything at once, in the middle of whatever it does."""
        for pid in self.emulator.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def make_bucket(self, name: str) -> None:
        """One that survives the other region."""
        place: Any = {"LocationConstraint": self.name}
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)


class Replication(threading.Thread):
    """Copies the archive's new objects to the other region, as S3 does, until it is stopped.

    The carriers' books go along: they are the carriers', and no region's.
    """

    def __init__(self, source: Region, target: Region, *, pause: float = 0.3) -> None:
        super().__init__(daemon=True)
        self._source, self._target, self._pause = source, target, pause
        self._over = threading.Event()
        self._copied: set[str] = set()
        self.carriers: list[Item] = []

    def run(self) -> None:
        while not self._over.is_set():
            with suppress(BotoCoreError, ClientError):
                self.once()
            self._over.wait(self._pause)

    def once(self) -> None:
        """Everything that is there by now."""
        source, target = self._source.client("s3"), self._target.client("s3")
        pages = source.get_paginator("list_objects_v2").paginate(
            Bucket=self._source.archive(), Prefix="events/"
        )
        for page in pages:
            for entry in page.get("Contents", []):
                if (key := entry["Key"]) in self._copied or self._over.is_set():
                    continue
                body = source.get_object(Bucket=self._source.archive(), Key=key)["Body"].read()
                target.put_object(Bucket=copy_bucket(self._target.name), Key=key, Body=body)
                self._copied.add(key)
        desk = self._source.table("shipping", "CarrierDesk")
        self.carriers = list(tables.items_of(self._source.target, desk))

    def stop(self) -> None:
        """What was not copied by now is not copied any more."""
        self._over.set()
        self.join()


@dataclass
class Customers:
    """Places orders one after the other, and remembers what was promised and when."""

    region: Region
    accepted: dict[str, str] = field(default_factory=dict)
    """When the customer had the answer 202, by order; RFC 3339."""
    unanswered: int = 0
    refused: int = 0
    _token: str = ""

    def place(self, kind: str) -> None:
        """One order; a call that is cut off is counted."""
        if not self._token:
            self._token = tokens.token(
                self.region.outputs, self.region.emulator.cloud, self.region.emulator.workspace
            )
        caller = DemoOrder(self.region.outputs, self.region.emulator.cloud, self._token)
        try:
            status, answer = caller.call("POST", "orders", "/v1/orders", body_of(kind))
        except LOST_CALL:
            self.unanswered += 1
            return
        if status != 202:
            self.refused += 1
            return
        self.accepted[answer["order_id"]] = clock.now()
        if kind == "cancelled":
            path = f"/v1/orders/{answer['order_id']}/cancellation"
            with suppress(*LOST_CALL):
                caller.call("POST", "orders", path, {"reason": "changed_mind"})

    def place_many(self, count: int, rate: float, is_over: Callable[[], bool]) -> None:
        """At a steady rate, until there are so many or ``is_over`` says so."""
        begun = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as clients:
            for number in range(count):
                time.sleep(max(0.0, begun + number / rate - time.monotonic()))
                if is_over():
                    break
                clients.submit(self.place, KINDS[number % len(KINDS)])


@dataclass
class Figures:
    """What a drill has measured: seconds, counts, and what was lost by name."""

    from_region: str
    to_region: str
    placed: int = 0
    unanswered: int = 0
    under_way: int = 0
    """Orders that had not ended when the region went."""
    backup_age: float = 0.0
    archive_age: float = 0.0
    """How old backup and newest archived message were when the region went."""
    deployed: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)
    ended: float = 0.0
    """From the restore's end until every order had ended."""
    from_archive: int = 0
    resumed: int = 0
    undecided: int = 0
    lost: dict[str, float] = field(default_factory=dict)
    """Orders that were promised and are nowhere: seconds before the loss of the promise."""
    checks: dict[str, bool] = field(default_factory=dict)

    @property
    def recovered(self) -> float:
        """From the loss until new orders are taken."""
        return self.deployed + sum(self.steps.values())


@dataclass
class Drill:
    """One drill in a folder of its own. ``quiet`` and ``busy`` are numbers of orders."""

    folder: Path
    console: Console
    quiet: int = 12
    busy: int = 60
    rate: float = 4.0

    def run(self, *, there_and_back: bool = True) -> list[Figures]:
        """Lose the first region, go on in the second, and return; figures of each way.

        Raises:
            OfflineError: something did not come up, or orders did not end.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        with ExitStack() as held:
            providers = held.enter_context(_providers(Workspace(self.folder / "outside")))
            first = Region(held.enter_context(self._emulator("first", FIRST)))
            second = Region(held.enter_context(self._emulator("second", SECOND)))
            for region in (first, second):
                region.make_bucket(copy_bucket(region.name))
                region.make_bucket(EXPORTS)
            first.outputs = bring_up(first.emulator, self.console, providers=providers)
            figures = [self._lose(first, second, providers)]
            if there_and_back:
                again = Region(held.enter_context(self._emulator("again", FIRST)))
                again.make_bucket(copy_bucket(again.name))
                again.make_bucket(EXPORTS)
                figures.append(self._return(second, again, providers))
            return figures

    def _emulator(self, name: str, region: str) -> Emulator:
        return Emulator(self.folder / name, region=region)

    def _lose(self, first: Region, second: Region, providers: Providers) -> Figures:
        figures = Figures(first.name, second.name)
        replication = Replication(first, second)
        replication.start()
        customers = Customers(first)
        with phase(self.console, "orders that end"):
            customers.place_many(self.quiet, self.rate, lambda: False)
            _await_ends(first, set(customers.accepted))
            _await_copy(first, second)
        before = settled_views(first, set(customers.accepted))
        quiet = dict(customers.accepted)
        over = threading.Event()
        load = threading.Thread(
            target=customers.place_many, args=(10 * self.busy, self.rate, over.is_set), daemon=True
        )
        with phase(self.console, "orders under way"):
            load.start()
            _until(lambda: len(customers.accepted) >= self.quiet + self.busy // 2, "orders")
            export(first.target, Exports(second.client("s3"), EXPORTS))
            exported = clock.now()
            _until(lambda: len(customers.accepted) >= self.quiet + self.busy, "orders")
            _until(lambda: _copied_since(second, exported) >= NEWER_THAN_THE_BACKUP, "the copy")
            known = books.read(first.outputs, first.emulator.cloud, providers)
            first.kill()
        lost_at = clock.now()
        lost = time.monotonic()
        over.set()
        replication.stop()
        load.join()
        self.console.print(f"{first.name} is gone, {len(customers.accepted)} orders were accepted")
        figures.placed, figures.unanswered = len(customers.accepted), customers.unanswered
        figures.under_way = sum(it.status not in ENDED for it in known.orders.values())
        self._rebuild(figures, second, providers, replication.carriers, lost_at)
        figures.checks["views of what had ended are the same"] = before == settled_views(
            second, set(quiet)
        )
        self._go_on(figures, second, providers, customers.accepted, lost_at)
        self.console.print(f"{time.monotonic() - lost:.1f} s since the loss")
        return figures

    def _rebuild(
        self,
        figures: Figures,
        region: Region,
        providers: Providers,
        carriers: list[Item],
        lost_at: str,
    ) -> Restored:
        begun = time.monotonic()
        region.outputs = bring_up(region.emulator, Console(quiet=True), providers=providers)
        tables.put_all(region.target, region.table("shipping", "CarrierDesk"), carriers)
        figures.deployed = time.monotonic() - begun
        self.console.print(f"{'deployed':<24}{figures.deployed:5.1f} s")
        sources = Sources(Exports(region.client("s3"), EXPORTS), copy_bucket(region.name))
        plan = restore.plan(region.target, sources)
        restore.show(plan, self.console)
        figures.backup_age = _seconds(plan.taken_at, lost_at)
        figures.archive_age = _seconds(plan.archived.last, lost_at)
        done = Restore(region.target, sources, plan, self.console).run()
        figures.steps, figures.from_archive = done.seconds, done.from_archive
        figures.resumed, figures.undecided = done.resumed, len(done.undecided)
        return done

    def _go_on(
        self,
        figures: Figures,
        region: Region,
        providers: Providers,
        accepted: Mapping[str, str],
        lost_at: str,
    ) -> None:
        begun = time.monotonic()
        with phase(self.console, "orders go on"):
            known = _await_ends(region, set(accepted))
            figures.ended = time.monotonic() - begun
        figures.lost = {
            order_id: _seconds(at, lost_at)
            for order_id, at in sorted(accepted.items())
            if order_id not in known
        }
        customers = Customers(region)
        with phase(self.console, "new orders"):
            customers.place_many(6, self.rate, lambda: False)
            _await_ends(region, set(customers.accepted))
        figures.checks["new orders end"] = len(customers.accepted) == 6
        report = _settled_report(region, providers)
        unknown = [it for it in report.violations if it.order_id not in figures.lost]
        for finding in report.violations:
            self.console.print(f"  {finding}", style="yellow")
        figures.checks["stock, money and shipments are where the orders say"] = not unknown

    def _return(self, second: Region, again: Region, providers: Providers) -> Figures:
        """Planned: the region that is left is fenced first, and nothing is lost."""
        figures = Figures(second.name, again.name)
        _await_archived(second)
        before = _everything(second)
        known = _orders(second)
        with phase(self.console, f"fence around {second.name}"):
            fence.close(second.target)
        figures.checks["the region that is left writes nothing"] = fence.look(
            second.target
        ).is_closed
        replication = Replication(second, again)
        replication.once()
        export(second.target, Exports(again.client("s3"), EXPORTS))
        left_at = clock.now()
        figures.placed = len(known)
        self._rebuild(figures, again, providers, replication.carriers, left_at)
        figures.checks["views, orders and stock are the same"] = before == _everything(again)
        self._go_on(figures, again, providers, dict.fromkeys(known, left_at), left_at)
        figures.checks["nothing is lost"] = not figures.lost
        return figures


Providers = tuple[PaymentProvider, ...]


@contextmanager
def _providers(workspace: Workspace) -> Iterator[Providers]:
    found = PaymentProvider.all_of(workspace)
    try:
        for provider in found:
            provider.start(until_gone=os.getpid())
        yield found
    finally:
        for provider in found:
            provider.stop()


def settled_views(region: Region, orders: set[str]) -> dict[str, Any]:
    """Checksum of what the order view has of these orders."""
    target = region.target
    table = region.table("order-views", "OrderView")
    (live, *_) = rebuild.generations(target, "order-view")
    items = [
        it
        for it in tables.items_of(target, table)
        if it["view_id"]["S"].removeprefix(f"{live}#") in orders
    ]
    found = checksum(iter(items), live)
    return {"items": found.items, "sum": found.total}


def _everything(region: Region) -> dict[str, Any]:
    """Checksums of both views, and what the books say of orders and stock."""
    target = region.target
    sums: dict[str, Any] = {
        view: rebuild.checksum(target, view, rebuild.generations(target, view)[0])
        for view in views()
    }
    found = books.read(region.outputs, region.emulator.cloud, ())
    return sums | {
        "orders": dict(found.orders),
        "stock": dict(found.stock),
        "reservations": dict(found.reservations),
    }


def _await_archived(region: Region) -> None:
    """Until the archive has every event of the event store."""
    table = region.table("orders", "EventStore")
    stored = {
        (it["order_id"]["S"], int(it["version"]["N"]))
        for it in tables.items_of(region.target, table)
    }

    def is_archived() -> bool:
        found = archive_copy.read(region.client("s3"), region.archive())
        return stored <= {(it.aggregate_id, it.version or 0) for it in found.events}

    _until(is_archived, "the archive")


def _orders(region: Region) -> dict[str, OrderRecord]:
    return dict(books.read(region.outputs, region.emulator.cloud, ()).orders)


def _await_ends(region: Region, wanted: set[str]) -> dict[str, OrderRecord]:
    """Until no order of these is still placed; what the event store has of all."""
    deadline = time.monotonic() + PATIENCE
    while True:
        known = _orders(region)
        still = [id for id in wanted & known.keys() if known[id].status not in ENDED]
        if not still:
            return known
        if time.monotonic() > deadline:
            raise OfflineError(
                f"{len(still)} orders had not ended in {region.name} after {PATIENCE:.0f} s",
                tuple(still[:10]),
            )
        time.sleep(1.0)


def _settled_report(region: Region, providers: Providers) -> Report:
    deadline = time.monotonic() + 30
    while True:
        report = examine(books.read(region.outputs, region.emulator.cloud, providers))
        if report.holds or time.monotonic() > deadline:
            return report
        time.sleep(1.0)


def _copied_since(region: Region, moment: str) -> int:
    """How many orders' events of after that moment the archive's copy has."""
    found = archive_copy.read(region.client("s3"), copy_bucket(region.name))
    return sum(it.occurred_at > moment for it in found.events)


def _await_copy(source: Region, target: Region) -> None:
    """Until the copy has all of the archive."""

    def keys(region: Region, bucket: str) -> set[str]:
        pages = (
            region.client("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=bucket, Prefix="events/")
        )
        return {it["Key"] for page in pages for it in page.get("Contents", [])}

    _until(
        lambda: keys(source, source.archive()) <= keys(target, copy_bucket(target.name)), "the copy"
    )


def _until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise OfflineError(f"the drill waited {PATIENCE:.0f} s for {what}")
        time.sleep(0.2)


def _seconds(since: str, until: str) -> float:
    return (clock.parse_time(until) - clock.parse_time(since)).total_seconds()
