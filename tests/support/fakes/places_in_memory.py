"""Event store, log and archive in memory, and those who may write to them, as a run sees them."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from reconciliation.adapters.back_fill import BackFill
from reconciliation.adapters.owners import Owners
from reconciliation.commands.reading import Places
from reconciliation.commands.repairing import Repairs
from reconciliation.commands.run_notes import RunNotes
from reconciliation.commands.steps import Reconciliation
from reconciliation.domain.comparison import ARCHIVE, LOG, STORE
from shared.messaging.envelope import Envelope, encode
from shared.messaging.fingerprint import fingerprint
from shared.messaging.log_records import LogRecord
from shared.read_models.archive import Archive
from shared.read_models.scratch import Scratch
from shared.runtime import clock
from tests.support.examples.log_of_orders import event
from tests.support.fakes.in_memory_s3 import InMemoryS3

MOST = 6 * 1024 * 1024
"""Bytes that Lambda passes on in a synchronous call, either way."""
PARTS, PAGE = 2, 3


def order_id(number: int) -> str:
    """A UUID."""
    return f"00000000-0000-4000-8000-{number:012d}"


def placed(number: int, hours_ago: float) -> Envelope:
    """An order's first event."""
    moment = datetime.now(UTC) - timedelta(hours=hours_ago)
    return event(order_id(number), 1, "OrderPlaced", occurred_at=clock.format_time(moment))


def integration_event(number: int, hours_ago: float, size: int = 10) -> Envelope:
    """Another service's integration event with so much in it."""
    made = placed(number, hours_ago)
    its_id = f"00000000-0000-4000-9000-{number:012d}"
    return msgspec.structs.replace(
        made,
        event_id=its_id,
        type="StockReserved",
        version=None,
        data={"order_id": order_id(number), "text": "x" * size},
    )


class LogInMemory:
    """One shard, read three records at a time."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.asked: list[dict[str, Any]] = []
        self.batches_read = 0

    def shards(self) -> list[str]:
        return ["shard-0"]

    def retention_hours(self) -> int:
        return 24 * 7

    def batches(
        self, shard: str, *, since: Any = None, at: Any = None, after: Any = None, until: Any = None
    ) -> Iterator[list[LogRecord]]:
        self.asked.append({"since": since, "at": at, "after": after, "until": until})
        first = int(at) if at is not None else int(after) + 1 if after is not None else 0
        for start in range(first, len(self.bodies), PAGE):
            self.batches_read += 1
            some = enumerate(self.bodies[start : start + PAGE], start)
            yield [LogRecord(shard, f"{number:056d}", body) for number, body in some]


class Functions:
    """Lambda with what orders and the event log publish; ``sizes`` are those of every call."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sizes: list[int] = []
        self.asked: list[tuple[str, Any]] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        request = msgspec.json.decode(Payload)
        self.asked.append((FunctionName, request))
        answer = msgspec.json.encode(getattr(self, f"_{FunctionName}")(request))
        self.sizes += [len(Payload), len(answer)]
        return {"Payload": _Body(answer)}

    def _scan(self, asked: Any) -> Any:
        mine = self.world.stored[asked["segment"] :: asked["segments"]]
        return self._page(mine, asked["after"])

    def _list(self, asked: Any) -> Any:
        of_hour = [it for it in self.world.stored if it.occurred_at.startswith(asked["hour"])]
        return {**self._page(of_hour[asked["part"] :: PARTS], asked["after"]), "parts": PARTS}

    def _page(self, events: Sequence[Envelope], after: Any) -> Any:
        start = after["version"] if after else 0
        page = events[start : start + PAGE]
        more = start + PAGE < len(events)
        return {
            "events": [[e.aggregate_id, e.version, e.occurred_at, fingerprint(e)] for e in page],
            "next": {"order_id": "any", "version": start + PAGE} if more else None,
        }

    def _relay(self, asked: Any) -> Any:
        wanted = {(it["order_id"], v) for it in asked["republish"] for v in it["versions"]}
        found = [it for it in self.world.stored if (it.aggregate_id, it.version) in wanted]
        self.world.log.bodies += map(encode, found)
        return {"republished": len(found)}

    def _intake(self, asked: Any) -> Any:
        self.world.log.bodies += [it.encode() for it in asked["republish"]]
        return {"republished": len(asked["republish"])}


@dataclass
class World:
    """Three places; ``clock`` counts seconds, one more for each look."""

    stored: list[Envelope] = field(default_factory=list)
    log: LogInMemory = field(default_factory=LogInMemory)
    s3: InMemoryS3 = field(default_factory=InMemoryS3)
    scratch: InMemoryS3 = field(default_factory=InMemoryS3)
    runs: int = 0
    seconds_of_a_look: float = 0
    now: float = 0

    def __post_init__(self) -> None:
        self.functions = Functions(self)

    def put(self, events: Iterable[Envelope], *places: str) -> None:
        """These places hold the events; the archive in an object of each one's day."""
        for it in events:
            if STORE in places:
                self.stored.append(it)
            if LOG in places:
                self.log.bodies.append(encode(it))
            if ARCHIVE in places:
                key = f"events/day={it.occurred_at[:10]}/{it.event_id.replace('/', '-')}.gz"
                self.s3.objects[key] = gzip.compress(encode(it) + b"\n")

    def steps(self, run: str) -> Reconciliation:
        """As a new process makes them."""
        owners = Owners(self.functions, "scan", "list", "relay", "intake")
        archive = Archive(self.s3, "archive")
        additions = BackFill(self.s3, "archive")
        return Reconciliation(
            RunNotes(run, Scratch(self.scratch, "scratch")),
            self.log,
            Places(owners, self.log, archive),
            Repairs(owners, self.log, archive, self, additions),
            self._look_at_the_clock,
        )

    def read_events(self, order_id: str, after_version: int) -> Iterator[Envelope]:
        """Orders' published way to an order's events."""
        return (
            it
            for it in self.stored
            if it.aggregate_id == order_id and (it.version or 0) > after_version
        )

    def run(self, hours: int | None = None, *, repair: bool = False) -> dict[str, Any]:
        """Every step, as an operator's command takes them; ``calls`` is how many reads it took."""
        self.runs += 1
        run = f"run-{self.runs}"
        plan = self.steps(run).plan(hours, 0)
        self.reads = 0
        for task in range(plan["tasks"]):
            self.reads += 1
            while not self.steps(run).read(task)["done"]:
                self.reads += 1
        self.steps(run).gather()
        after = ""
        while (day := self.steps(run).days(after)["day"]) is not None:
            self.steps(run).compare(day)
            while repair and not self.steps(run).repair(day)["done"]:
                pass
            after = day
        return self.steps(run).conclude()

    def _look_at_the_clock(self) -> float:
        self.now += self.seconds_of_a_look
        return self.now


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self) -> bytes:
        return self._content
