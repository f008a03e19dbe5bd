"""Lag of the order view's projector offline at 500 records a second, and the writes it saves.

Orders' events are put on the log itself, fifty every tenth of a second; each order has three, in
three puts that follow each other. Four times a second one of the orders is watched: its time runs
from the put of its last event until the read model holds that version, read every 50 ms. The sales
projector consumes the same log at the same time; the bus publisher is held back, since each order
on the bus would start a saga. Then the projector is stopped for a while, and catches up.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from rich.console import Console

from tools.emulator import function_logs
from tools.emulator.emulator import Emulator
from tools.local.bring_up import bring_up
from tools.measure.benchmarks.claims import Result
from tools.measure.benchmarks.probes.order_log import envelope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

RECORDS_PER_SECOND = 500
PUTS_PER_SECOND = 10
EVENTS_PER_ORDER = 3
WATCHED_PER_SECOND = 4
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 120.0
ORDERS_PER_PUT = RECORDS_PER_SECOND // PUTS_PER_SECOND // EVENTS_PER_ORDER + 1


class NeverSeen(Exception):
    """The read model did not get there before the deadline."""


class Shop:
    """Puts orders' events on the log of a deployed system, and reads what its view holds."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any]) -> None:
        self.cloud = emulator.cloud
        self._services = outputs["services"]
        self._numbers = itertools.count()
        self._waiting: list[list[int]] = []
        self._put = 0

    def hold_back(self, service: str, function: str, *, enabled: bool = False) -> None:
        """Disable what feeds a function, or enable it again."""
        functions = self.cloud.client("lambda")
        name = self._services[service]["functions"][function]
        for mapping in functions.list_event_source_mappings(FunctionName=name)[
            "EventSourceMappings"
        ]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)

    def put(self) -> tuple[int, int]:
        """One put: orders begun before go on, new ones begin.

        Returns the number of records, and an order whose last event was among them (or -1).
        """
        begun = [next(self._numbers) for _ in range(ORDERS_PER_PUT)]
        self._waiting = [begun, *self._waiting[: EVENTS_PER_ORDER - 1]]
        records: list[PutRecordsRequestEntryTypeDef] = [
            {"Data": json.dumps(event).encode(), "PartitionKey": event["aggregate_id"]}
            for version, orders in enumerate(self._waiting, start=1)
            for event in (envelope(order, version) for order in orders)
        ]
        stream = self._services["event-log"]["streams"]["EventStream"]
        self.cloud.client("kinesis").put_records(StreamName=stream, Records=records)
        self._put += len(records)
        ended = self._waiting[EVENTS_PER_ORDER - 1 :]
        return len(records), ended[0][-1] if ended else -1

    def version(self, order: int) -> int:
        """The version that the read model has of an order."""
        view = self._services["order-views"]["tables"]["OrderView"]
        its_id = envelope(order, 1)["aggregate_id"]
        key = {"view_id": {"S": f"{self._generation()}#{its_id}"}}
        item = self.cloud.client("dynamodb").get_item(TableName=view, Key=key).get("Item")
        return int(item["version"]["N"]) if item else 0

    def seen(self, order: int, since: float) -> float:
        """Seconds from ``since`` until the read model has all of the order's events."""
        while time.monotonic() < since + PATIENCE_SECONDS:
            if self.version(order) == EVENTS_PER_ORDER:
                return time.monotonic() - since
            time.sleep(POLL_SECONDS)
        raise NeverSeen(envelope(order, 1)["aggregate_id"])

    def projected(self) -> tuple[int, int]:
        """How many records the projector has taken, and the writes it made, once it has them all.

        Raises:
            NeverSeen: its log does not say so before the deadline.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            records, writes = self._logged()
            if records >= self._put:
                return records, writes
            time.sleep(POLL_SECONDS * 10)
        raise NeverSeen(f"{self._put} records")

    def _logged(self) -> tuple[int, int]:
        name = self._services["order-views"]["functions"]["ProjectOrders"]
        totals = {"RecordsProjected": 0, "ViewWrites": 0}
        for line in function_logs.lines(self.cloud, {"projector": name}):
            if line.text.startswith("{"):
                said = json.loads(line.text)
                for metric in totals.keys() & said.keys():
                    totals[metric] += said[metric]
        return totals["RecordsProjected"], totals["ViewWrites"]

    def _generation(self) -> str:
        view = self._services["order-views"]["tables"]["OrderView"]
        pointer = self.cloud.client("dynamodb").get_item(
            TableName=view, Key={"view_id": {"S": "pointer"}}
        )
        return str(pointer["Item"]["live"]["S"]) if "Item" in pointer else "g1"


def measure(*, quick: bool) -> list[Result]:
    """The lag at a steady rate, the time to catch up after a stop, and the writes of both."""
    seconds = 8 if quick else 30
    stopped = 5 if quick else 15
    with tempfile.TemporaryDirectory() as folder, Emulator(Path(folder)) as emulator:
        outputs = bring_up(emulator, Console(quiet=True))
        shop = Shop(emulator, outputs)
        shop.hold_back("orders", "BusPublisher")
        _feed(shop, 2)
        before = shop.projected()
        lags, fed = _feed(shop, seconds)
        steady = _difference(shop.projected(), before)
        shop.hold_back("order-views", "ProjectOrders")
        before = shop.projected()
        with _watching() as pool:
            backlog, last = _put(shop, stopped, pool)
            shop.hold_back("order-views", "ProjectOrders", enabled=True)
            caught_up = shop.seen(last, time.monotonic())
        behind = _difference(shop.projected(), before)
    cuts = quantiles(lags, n=100)
    rate = f"at {RECORDS_PER_SECOND} records/s"
    return [
        Result(
            f"consumer lag {rate}, p95",
            cuts[94],
            "s",
            spread=(min(lags), max(lags)),
            details={"p50": cuts[49], "p99": cuts[98], "records": fed, "watched": len(lags)},
        ),
        _saved(f"... writes saved by coalescing {rate}", steady),
        Result(
            f"... caught up after {stopped} s without the consumer",
            caught_up,
            "s",
            details={"records": backlog},
        ),
        _saved("... writes saved by coalescing while it catches up", behind),
    ]


def _feed(shop: Shop, seconds: int) -> tuple[list[float], int]:
    with _watching() as pool:
        watched: list[Future[float]] = []
        fed, last = _put(shop, seconds, pool, watched)
        shop.seen(last, time.monotonic())
        return [future.result() for future in watched], fed


def _put(
    shop: Shop, seconds: int, pool: ThreadPoolExecutor, watched: list[Future[float]] | None = None
) -> tuple[int, int]:
    """Put at the rate; the number of records, and the last order that is complete."""
    begun, fed, last = time.monotonic(), 0, -1
    for number in range(seconds * PUTS_PER_SECOND):
        time.sleep(max(0.0, begun + number / PUTS_PER_SECOND - time.monotonic()))
        records, ended = shop.put()
        fed += records
        last = max(last, ended)
        is_watched = number % (PUTS_PER_SECOND // WATCHED_PER_SECOND) == 0
        if watched is not None and ended >= 0 and is_watched:
            watched.append(pool.submit(shop.seen, ended, time.monotonic()))
    return fed, last


@contextmanager
def _watching() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def _difference(after: tuple[int, int], before: tuple[int, int]) -> tuple[int, int]:
    return after[0] - before[0], after[1] - before[1]


def _saved(claim: str, projected: tuple[int, int]) -> Result:
    records, writes = projected
    return Result(
        claim,
        100 * (1 - writes / records),
        "% of writes",
        details={"records": records, "writes": writes},
    )
