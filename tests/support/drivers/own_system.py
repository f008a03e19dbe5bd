"""A system of its own for tests that take the event log or a read model apart."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.support.drivers.bus_consumers import bus_consumers, waiting
from tests.support.drivers.offline import (
    ENFORCED,
    Answer,
    Deployment,
    call,
    eventually,
    recorded,
)
from tools.base.target import Target, offline
from tools.emulator.emulator import Emulator
from tools.local.bring_up import bring_up
from tools.local.log_reader import LogReader
from tools.operations import reconcile
from tools.operations.reconcile import Scope

SHIP_TO = {"address_id": "0d9a5a10-6f0a-4e57-9f1d-4f3a54d9c001", "country": "DE"}
UNTIL_SHARDS_ARE_SEEN = 3.0
"""Seconds; the engine looks for work once a second."""
Item = dict[str, Any]


@dataclass
class OwnSystem:
    """Everything deployed, and nobody else at work in it."""

    deployment: Deployment
    target: Target
    placed: list[str] = field(default_factory=list)

    @property
    def workspace(self) -> str:
        """For commands: ``--workspace``."""
        return str(self.deployment.emulator.workspace.root)

    def place(self, count: int = 1) -> list[str]:
        """Place orders; their ids."""
        orders = []
        for _ in range(count):
            answer = call(
                "POST",
                self.deployment.url("orders", "/v1/orders"),
                token=self.deployment.token(),
                headers={"Idempotency-Key": str(uuid.uuid4())},
                body={
                    "lines": [{"sku": "TEA-SENCHA", "quantity": 1}],
                    "currency": "EUR",
                    "ship_to": {**SHIP_TO, "postcode_area": "10"},
                },
            )
            assert answer.status == 202, answer.body
            orders.append(answer.json["order_id"])
        self.placed += orders
        return orders

    def cancel(self, order_id: str) -> None:
        """The customer calls it off, if that is still possible."""
        call(
            "POST",
            self.deployment.url("orders", f"/v1/orders/{order_id}/cancellation"),
            token=self.deployment.token(),
            headers={"Idempotency-Key": str(uuid.uuid4())},
            body={"reason": "changed_mind"},
        )

    def read(self, order_id: str) -> Answer:
        """What the order view's API answers."""
        url = self.deployment.url("order-views", f"/v1/orders/{order_id}")
        return call("GET", url, token=self.deployment.token())

    def items(self, service: str, table: str) -> list[Item]:
        """Every item of a table."""
        pages = self.deployment.cloud.client("dynamodb").get_paginator("scan")
        name = self.deployment.named(service, "tables", table)
        return [it for page in pages.paginate(TableName=name) for it in page["Items"]]

    def stored(self) -> dict[str, list[Item]]:
        """The event store: each order's events by version."""
        orders: dict[str, list[Item]] = defaultdict(list)
        for item in self.items("orders", "EventStore"):
            orders[item["order_id"]["S"]].append(item)
        for events in orders.values():
            events.sort(key=lambda it: int(it["version"]["N"]))
        return orders

    def split_the_log(self, shards: int) -> None:
        """Give the log, which is still empty, so many shards: dev has one."""
        stream = self.deployment.named("event-log", "streams", "EventStream")
        self.deployment.cloud.client("kinesis").update_shard_count(
            StreamName=stream, TargetShardCount=shards, ScalingType="UNIFORM_SCALING"
        )
        # The engine's consumers begin a shard that they have not seen at its end, and nothing
        # tells when they have: what is put before then, no projector and no archive would get.
        time.sleep(UNTIL_SHARDS_ARE_SEEN)

    def records_by_shard(self) -> list[int]:
        """How many records each shard of the log has."""
        log = LogReader(self.deployment.outputs, self.deployment.cloud, "TRIM_HORIZON")
        counts = Counter(record.shard for record in log.new())
        return [counts[shard] for shard in log.shards]

    def settle(self) -> None:
        """Wait until every order has ended, every view knows it, and nobody has more to say."""

        def nothing_moves() -> bool:
            stored = self.stored()
            assert all(len(events) > 1 for events in stored.values()), "an order is still open"
            versions = {order_id: len(events) for order_id, events in stored.items()}
            for found in (self.view_versions(), self.sales_versions()):
                for generation, reached in found.items():
                    assert reached == versions, f"{generation} is behind"
            return True

        def nobody_speaks() -> bool:
            sagas = [it for it in self.items("fulfilment", "Sagas") if it["part"]["S"] == "saga"]
            running = [it["order_id"]["S"] for it in sagas if it["state"]["S"] == "running"]
            assert not running, f"sagas still run: {running}"
            return waiting(self.deployment, consumers) == 0

        consumers = bus_consumers(self.deployment)
        eventually(nothing_moves)
        eventually(nobody_speaks)

    def view_versions(self) -> dict[str, dict[str, int]]:
        """By generation of the order view: the version that it has of each order."""
        return _versions(self.items("order-views", "OrderView"), "view_id", at=1)

    def sales_versions(self) -> dict[str, dict[str, int]]:
        """The same for sales."""
        return _versions(self.items("sales", "Sales"), "pk", at=2)

    def archived(self) -> dict[str, bytes]:
        """Every object in the archive."""
        s3, bucket = self.deployment.cloud.client("s3"), self.archive
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="events/")
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    @property
    def archive(self) -> str:
        """The archive's bucket."""
        return self.deployment.named("event-log", "buckets", "Archive")

    def reconcile(self, *, repair: bool = False, hours: int | None = None) -> Any:
        """What a comparison of everything until now concludes."""
        return reconcile.from_here(self.target, repair=repair, scope=Scope(hours, 0))

    @contextmanager
    def orders_keep_coming(self) -> Iterator[list[str]]:
        """Place orders and read visible ones all the while; what was read wrongly is the result."""
        ended, faults = threading.Event(), []

        def customers() -> None:
            visible: list[str] = []
            while not ended.is_set():
                visible += self.place()
                for order_id in visible[:-3]:
                    answer = self.read(order_id)
                    if answer.status != 200:
                        faults.append(f"{order_id}: {answer.status} {answer.body!r}")
                ended.wait(0.2)

        thread = threading.Thread(target=customers)
        thread.start()
        try:
            yield faults
        finally:
            ended.set()
            thread.join()


@contextmanager
def own_system(directory: Path) -> Iterator[OwnSystem]:
    """Deployed to an emulator of its own, which ends with the context."""
    with Emulator(directory, auth=ENFORCED) as emulator, recorded(emulator):
        outputs = bring_up(emulator, Console(quiet=True))
        deployment = Deployment(emulator, outputs, emulator.cloud)
        yield OwnSystem(deployment, offline(emulator.workspace.root))


def data(item: Item) -> Any:
    """An event's data as the event store keeps it."""
    return json.loads(item["data"]["S"])


def _versions(items: list[Item], key: str, at: int) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for item in items:
        parts = item[key]["S"].split("#")
        if "version" in item and len(parts) == at + 1:
            found[parts[0]][parts[at]] = int(item["version"]["N"])
    return found
