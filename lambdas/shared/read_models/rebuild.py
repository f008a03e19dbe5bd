"""Builds a new generation of a read model from the archive, while the old one is served.

One function for each view takes these steps, called by ``make rebuild`` or by a state machine:

1. ``begin``: the pointer names the new generation, and the projector writes both.
2. ``plan``: the archive's objects are divided into tasks, aggregates into partitions.
3. ``partition``, for each task: its events go to their aggregates' partitions.
4. ``fold``, for each partition: aggregates are folded by the view's own projector.
5. ``catch_up``: every shard of the log is applied from before the beginning up to the moment from
   which every projector writes both generations. It is known: a warm function believes the pointer
   for POINTER_SECONDS, and a batch that began before that ends within the function's time limit.
6. ``switch``: the new generation is served, the old one is still written: ``back`` is the way back,
   ``retire`` and ``erase`` its end.

Each step can be repeated: what is done is marked in the scratch, and gates admit a version once.
"""

import gc
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import islice
from typing import Annotated, Any, Literal, Protocol

import msgspec

from shared.messaging.envelope import Envelope
from shared.messaging.log_reader import LogReader
from shared.messaging.log_records import LogRecord
from shared.messaging.traced import Repetition
from shared.read_models.archive import Archive, ArchivedObject
from shared.read_models.environment import RebuildEnvironment
from shared.read_models.generation_items import Checksum, GenerationItems
from shared.read_models.generations import POINTER_SECONDS, pointer_key
from shared.read_models.partitions import by_aggregate, split
from shared.read_models.pointer import Generation, Pointer, PointerMoved
from shared.read_models.projector import Projector
from shared.read_models.read_model import Handler, ReadModel
from shared.read_models.rebuild_notes import CAUGHT_UP, COUNTS, SUM, PlanCounts, Summed
from shared.read_models.scratch import Scratch
from shared.runtime import aws, clock, log
from shared.runtime.environment import load
from shared.runtime.plain_text import plain
from shared.runtime.tracing.invocations import invocation

TASK_BYTES = 32 * 1024 * 1024
TASK_OBJECTS = 2000
PARTITION_BYTES = 4 * 1024 * 1024
"""Of the archive as it is stored; compressed events take six times as much when they are read."""
MAX_PARTITIONS = 2000
AGGREGATES_AT_ONCE = 1000
NAMED, MAX_NAME = 20, 300
"""How much of what cannot be used is named for a task, in so many characters; all is logged."""
BATCH_SECONDS = 60
"""A projector's time limit: no batch is at work for longer."""
OVERLAP = timedelta(hours=1)
"""How far before its beginning a rebuild reads the log: events may be in it and not yet in the
archive. An alarm tells when Firehose is later than a sixth of that."""
CLOCKS_DIFFER = timedelta(minutes=1)
WORK_SECONDS = 600
COMPARISONS = 5
LONG_CALL = 30
"""Seconds that one answer of S3 or Kinesis may take."""
ARCHIVE_SHARD = "archive"
"""What a parked record's shard is called if it was read in the archive."""

Step = Literal[
    "status",
    "progress",
    "begin",
    "plan",
    "partition",
    "fold",
    "catch_up",
    "switch",
    "back",
    "retire",
    "erase",
    "checksum",
    "compare",
    "left_out",
]
Count = Annotated[int, msgspec.Meta(ge=0)]
Size = Annotated[int, msgspec.Meta(ge=1)]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step. ``generation`` is needed from ``plan`` on; ``after`` and ``sum`` go on with
    ``erase`` and ``checksum`` where the answer before ended.
    """

    step: Step
    generation: str | None = None
    task: Count | None = None
    partition: Count | None = None
    task_bytes: Size = TASK_BYTES
    partition_bytes: Size = PARTITION_BYTES
    batch_seconds: Count = BATCH_SECONDS
    after: dict[str, Any] | None = None
    items: Count = 0
    sum: str = "0"


class NotReady(Exception):
    """A step was asked for before the steps that it rests on were done."""


def handler_of(model: ReadModel[Any]) -> Handler:
    """A read model's function for operators that takes the steps of a rebuild: see ``Request``."""

    @cache
    def rebuild() -> Rebuild:
        where = load(RebuildEnvironment)
        dynamodb, s3 = aws.client("dynamodb"), aws.patient_client("s3", LONG_CALL)
        return Rebuild(
            aggregate_type=model.events.aggregate_type,
            pointer=Pointer(dynamodb, model.table_in_use, pointer_key(model.key)),
            items=GenerationItems(dynamodb, model.table_in_use, model.key),
            projector=model.projector,
            archive=Archive(s3, where.archive_bucket),
            scratch=Scratch(s3, where.scratch_bucket),
            log=LogReader(aws.patient_client("kinesis", LONG_CALL), where.event_stream_arn),
            view=model.consumer,
        )

    @invocation
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        return rebuild().answer(event)

    return handler


class ArchiveToRead(Protocol):
    """What is read of the archive."""

    def objects(self, since: str = "") -> Iterable[ArchivedObject]:
        """Every object."""

    def contents(self, keys: list[str]) -> Iterable[tuple[str, list[bytes], str | None]]:
        """These objects: name, records, and what is wrong with it, if anything."""


class Notes(Protocol):
    """Where a rebuild keeps its parts and marks; ``bucket`` is the place's name."""

    bucket: str

    def put(self, name: str, body: bytes) -> None:
        """Keep an object."""

    def get(self, name: str) -> bytes | None:
        """An object, if there is one."""

    def names(self, prefix: str) -> Iterable[str]:
        """The names that begin so."""


class Plan(msgspec.Struct, frozen=True):
    """The archive's objects by task; ``bytes`` is the stored size of each task's."""

    partitions: int
    tasks: list[list[str]]
    bytes: list[int]


@dataclass(slots=True)
class LeftOut:
    """What of a task's objects cannot be used: counted, and the first of it named.

    The archive is for ever: a rebuild that failed for what is in it would fail every time.
    """

    damaged: int = 0
    named: list[str] = field(default_factory=list)
    _key: str = ""

    def lines_of(self, contents: Iterable[tuple[str, list[bytes], str | None]]) -> Iterator[bytes]:
        """The records of these objects one after the other."""
        for self._key, lines, damage in contents:
            if damage is not None:
                self.damaged += 1
                self._name(f"{self._key} is damaged: {damage}")
            yield from lines

    def note(self, line: bytes, reason: str) -> None:
        """This record of the object that is at hand cannot be read."""
        self._name(f"{self._key}, sha256 {sha256(line).hexdigest()[:16]}: {reason}")

    def _name(self, text: str) -> None:
        log.warning("left out of a rebuild", what=text)
        if len(self.named) < NAMED:
            self.named.append(plain(text, MAX_NAME))


@dataclass(frozen=True)
class Rebuild:
    """One view's rebuild, of events of ``aggregate_type``.

    ``view`` is its name for operators. ``projector`` makes the projector of a generation.
    """

    aggregate_type: str
    pointer: Pointer
    items: GenerationItems
    projector: Callable[[str], Projector[Any]]
    archive: ArchiveToRead
    scratch: Notes
    log: LogReader
    view: str = "a view"

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """Take the step that a request asks for.

        Raises:
            msgspec.ValidationError: the request has not the form of ``Request``.
            NotReady: steps before it are missing.
            PointerMoved: the pointer does not admit the step.
        """
        asked = msgspec.convert(event, Request)
        match asked.step:
            case "status":
                return _shown(self.pointer.read())
            case "compare":
                return self.compare()
            case "begin":
                return _shown(self.pointer.begin())
            case "back":
                return _shown(self.pointer.back())
            case "retire":
                return _shown(self.pointer.retire())
        generation = asked.generation or self._generation(asked.step)
        match asked.step:
            case "progress":
                return self.progress(generation)
            case "left_out":
                return self.left_out(generation)
            case "plan":
                return self.plan(generation, asked.task_bytes, asked.partition_bytes)
            case "partition":
                return self.partition(generation, _given(asked.task, "task"))
            case "fold":
                return self.fold(generation, _given(asked.partition, "partition"))
            case "catch_up":
                return self.catch_up(generation, asked.batch_seconds)
            case "switch":
                return _shown(self.switch(generation))
            case "erase":
                return self.erase(generation, asked.after, asked.batch_seconds)
        return self.checksum(generation, asked.after, Checksum(asked.items, int(asked.sum, 16)))

    def plan(self, generation: str, task_bytes: int, partition_bytes: int) -> dict[str, Any]:
        """Divide the archive into tasks, once: whoever goes on finds the same plan."""
        self._must_be_filled(generation)
        stored = self.scratch.get(f"{generation}/plan.json")
        if stored is None:
            tasks = list(_tasks(self.archive.objects(), task_bytes))
            sizes = [sum(found.size for found in task) for task in tasks]
            partitions = min(max(1, math.ceil(sum(sizes) / partition_bytes)), MAX_PARTITIONS)
            plan = Plan(partitions, [[found.key for found in task] for task in tasks], sizes)
            for name, count in (("task", len(tasks)), ("partition", partitions)):
                numbered = [{name: number} for number in range(count)]
                self._note(f"{generation}/{name}s.json", numbered)
            objects = sum(map(len, tasks))
            counts = PlanCounts(len(tasks), partitions, objects, sum(sizes))
            self._note(f"{generation}/{COUNTS}", counts)
            self._note(f"{generation}/plan.json", plan)
        else:
            plan = msgspec.json.decode(stored, type=Plan)
        return {
            "generation": generation,
            "bucket": self.scratch.bucket,
            "tasks": len(plan.tasks),
            "bytes": plan.bytes,
            "partitions": plan.partitions,
        }

    def partition(self, generation: str, task: int) -> dict[str, Any]:
        """Divide a task's events by aggregate."""
        done = f"{generation}/partitioned/{task:06d}.json"
        stored = self.scratch.get(done)
        if stored is not None:
            return _marked(stored)
        self._must_be_filled(generation)
        plan = self._plan(generation)

        def write(partition: int, number: int, lines: bytes) -> None:
            self.scratch.put(f"{generation}/parts/{partition:06d}/{task:06d}-{number:06d}", lines)

        left_out = LeftOut()
        lines = left_out.lines_of(self.archive.contents(plan.tasks[task]))
        result = split(self.aggregate_type, lines, plan.partitions, write, left_out.note)
        found: dict[str, Any] = msgspec.to_builtins(result)
        found |= {"damaged": left_out.damaged, "named": left_out.named}
        log.metric("ArchiveRecordsUnreadable", result.unreadable + left_out.damaged)
        self._note(done, found)
        return found

    def fold(self, generation: str, partition: int) -> dict[str, Any]:
        """Apply a partition's events with the view's own projector."""
        done = f"{generation}/folded/{partition:06d}.json"
        stored = self.scratch.get(done)
        if stored is not None:
            return _marked(stored)
        self._must_be_filled(generation)
        missing = self._missing(generation, "partitioned", len(self._plan(generation).tasks))
        if missing:
            raise NotReady(f"tasks are not partitioned yet: {missing[:10]}")
        names = self.scratch.names(f"{generation}/parts/{partition:06d}/")
        parts = (self.scratch.get(name) or b"" for name in names)
        with Repetition(f"rebuild {self.view}") as again:
            aggregates, events = fold_aggregates(
                by_aggregate(parts), self.projector(generation), again.add
            )
        result = {"orders": aggregates, "events": events}
        self._note(done, result)
        return result

    def progress(self, generation: str) -> dict[str, Any]:
        """How many tasks and partitions there are, and how many are done; zeros before a plan."""
        stored = self.scratch.get(f"{generation}/plan.json")
        plan = msgspec.json.decode(stored, type=Plan) if stored else Plan(0, [], [])
        tasks, partitions = len(plan.tasks), plan.partitions
        return {
            "generation": generation,
            "tasks": tasks,
            "partitioned": tasks - len(self._missing(generation, "partitioned", tasks)),
            "partitions": partitions,
            "folded": partitions - len(self._missing(generation, "folded", partitions)),
        }

    def left_out(self, generation: str) -> dict[str, Any]:
        """What of the archive could not be used: ``{unreadable, damaged, named}``.

        ``unreadable`` counts records, ``damaged`` objects; the first of both are named.
        """
        unreadable = damaged = 0
        named: list[str] = []
        for name in self.scratch.names(f"{generation}/partitioned/"):
            done = _marked(self.scratch.get(name) or b"{}")
            unreadable += done.get("unreadable", 0)
            damaged += done.get("damaged", 0)
            named += done.get("named", [])[: NAMED - len(named)]
        return {"unreadable": unreadable, "damaged": damaged, "named": named}

    def catch_up(self, generation: str, batch_seconds: int) -> dict[str, Any]:
        """Apply the log up to its tip on every shard, once everybody writes both generations.

        Answers ``{wait_seconds, caught_up, records}``: it is called until it has caught up.
        """
        began = self._must_be_filled(generation)
        self._must_be_folded(generation)  # else the log's gaps would be filled from histories
        all_know = began + timedelta(seconds=POINTER_SECONDS + batch_seconds)
        wait = (all_know - datetime.now(UTC)).total_seconds()
        if wait > 0:
            return {"wait_seconds": math.ceil(wait), "caught_up": False, "records": 0}
        name = f"{generation}/{CAUGHT_UP}"
        noted = _marked(self.scratch.get(name) or b'{"shards":{},"records":0,"caught_up":false}')
        since = began - OVERLAP
        if not noted["shards"]:
            oldest = datetime.now(UTC) - timedelta(hours=self.log.retention_hours())
            if since < oldest:
                raise NotReady(f"the log does not reach back to {since}: retire and begin again")
        until = all_know + CLOCKS_DIFFER
        with Repetition(f"rebuild {self.view}") as again:
            noted["caught_up"] = self._read_on(generation, noted, since, until, again)
        self._note(name, noted)
        return {"wait_seconds": 0, "caught_up": noted["caught_up"], "records": noted["records"]}

    def _read_on(
        self,
        generation: str,
        noted: dict[str, Any],
        since: datetime,
        until: datetime,
        again: Repetition,
    ) -> bool:
        """Apply what each shard has after the place that is noted; False if time ran out."""
        ends = time.monotonic() + WORK_SECONDS
        projector = self.projector(generation)
        for shard in self.log.shards():
            reached = noted["shards"].get(shard)
            for batch in self.log.batches(shard, since=since, after=reached, until=until):
                projector.apply(batch, again.add)
                noted["records"] += len(batch)
                noted["shards"][shard] = batch[-1].sequence
                if time.monotonic() > ends:
                    return False
        return True

    def switch(self, generation: str) -> Generation:
        """Serve the new generation, if it is complete. Raises NotReady."""
        found = self.pointer.read()
        if found.live == generation and found.complete:
            return found
        self._must_be_folded(generation)
        noted = self.scratch.get(f"{generation}/{CAUGHT_UP}")
        if noted is None or not _marked(noted)["caught_up"]:
            raise NotReady(f"{generation} has not caught up with the log yet")
        switched = self.pointer.switch(generation)
        log.metric("GenerationsSwitched", 1)
        return switched

    def erase(
        self, generation: str, after: dict[str, Any] | None, batch_seconds: int
    ) -> dict[str, Any]:
        """Delete what is left of a retired generation, some pages in each call.

        Answers ``{wait_seconds, erased, after}``; ``after`` is null when nothing is left.
        """
        found = self.pointer.read()
        if found.was_erased(generation):
            return {"wait_seconds": 0, "erased": 0, "after": None}
        if found.erasing != generation or found.retired_at is None:
            raise PointerMoved(f"{generation} is not retired: {found}")
        retired = clock.parse_time(found.retired_at)
        wait = retired + timedelta(seconds=POINTER_SECONDS + batch_seconds) - datetime.now(UTC)
        if wait > timedelta():
            return {"wait_seconds": math.ceil(wait.total_seconds()), "erased": 0, "after": after}
        erased, ends = 0, time.monotonic() + WORK_SECONDS / 10
        while True:
            items, after = self.items.page(generation, after)
            self.items.erase(items)
            erased += len(items)
            if after is None:
                self.pointer.erased(generation)
            if after is None or time.monotonic() > ends:
                return {"wait_seconds": 0, "erased": erased, "after": after}

    def checksum(
        self, generation: str, after: dict[str, Any] | None, result: Checksum
    ) -> dict[str, Any]:
        """Sum up a generation's items: ``{items, sum, after}``, again until ``after`` is null."""
        ends = time.monotonic() + WORK_SECONDS / 10
        result, after = self._sum_up(generation, after, result, ends)
        return {"items": result.items, "sum": f"{result.total:032x}", "after": after}

    def compare(self) -> dict[str, Any]:
        """Sum up what is served and what is written beside it, until both have the same.

        Answers ``{equal}``: null if there is one generation only, or there was no time. What is
        written while it sums makes sums differ, so it does so COMPARISONS times at most.
        """
        found, ends = self.pointer.read(), time.monotonic() + WORK_SECONDS
        if found.building is None:
            return {"equal": None}
        for _ in range(COMPARISONS):
            sums = []
            for generation in (found.live, found.building):
                result, after = self._sum_up(generation, None, Checksum(), ends)
                if after is not None:
                    return {"equal": None}
                sums.append(result)
            if sums[0] == sums[1]:
                return {"equal": True}
        return {"equal": False}

    def _sum_up(
        self, generation: str, after: dict[str, Any] | None, result: Checksum, ends: float
    ) -> tuple[Checksum, dict[str, Any] | None]:
        """The sum as far as time admits, and where it goes on; a whole one is noted.

        The note is for whoever looks at the view later: it is as old as it says.
        """
        while True:
            items, after = self.items.page(generation, after)
            for item in items:
                result = result.add(item, generation)
            if after is None:
                summed = Summed(result.items, f"{result.total:032x}", clock.now())
                self._note(f"{generation}/{SUM}", summed)
            if after is None or time.monotonic() > ends:
                return result, after

    def _generation(self, step: str) -> str:
        found = self.pointer.read()
        chosen = found.live if step == "checksum" else found.building or found.erasing
        if chosen is None:
            raise NotReady("no generation is being built: begin first")
        return chosen

    def _must_be_filled(self, generation: str) -> datetime:
        """Since when it is written; raises PointerMoved if it is not the one being built."""
        found = self.pointer.read()
        if found.building != generation or found.complete or found.began_at is None:
            raise PointerMoved(f"{generation} is not being built: {found}")
        return clock.parse_time(found.began_at)

    def _must_be_folded(self, generation: str) -> None:
        missing = self._missing(generation, "folded", self._plan(generation).partitions)
        if missing:
            raise NotReady(f"partitions are not folded yet: {missing[:10]}")

    def _plan(self, generation: str) -> Plan:
        stored = self.scratch.get(f"{generation}/plan.json")
        if stored is None:
            raise NotReady(f"{generation} has no plan yet")
        return msgspec.json.decode(stored, type=Plan)

    def _missing(self, generation: str, what: str, count: int) -> list[int]:
        done = {
            int(name.rpartition("/")[2].removesuffix(".json"))
            for name in self.scratch.names(f"{generation}/{what}/")
        }
        return sorted(set(range(count)) - done)

    def _note(self, name: str, value: Any) -> None:
        self.scratch.put(name, msgspec.json.encode(value))


def fold_aggregates(
    aggregates: Iterable[tuple[str, list[bytes]]],
    projector: Projector[Any],
    arrived: Callable[[Envelope], None] | None = None,
) -> tuple[int, int]:
    """Apply events, those of a thousand aggregates at a time; returns how many of both.

    ``arrived`` is told each event.
    """
    remaining = iter(aggregates)
    aggregates_done = events_done = 0
    with _no_search_for_cycles():
        while some := list(islice(remaining, AGGREGATES_AT_ONCE)):
            records = [
                LogRecord(ARCHIVE_SHARD, f"{aggregate_id}#{number}", event)
                for aggregate_id, events in some
                for number, event in enumerate(events)
            ]
            projector.apply(records, arrived)
            aggregates_done += len(some)
            events_done += len(records)
    return aggregates_done, events_done


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Millions of objects come and go here, none in a cycle: looking for one takes a third."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _tasks(objects: Iterable[ArchivedObject], task_bytes: int) -> Iterator[list[ArchivedObject]]:
    task: list[ArchivedObject] = []
    size = 0
    for found in objects:
        if task and (size + found.size > task_bytes or len(task) == TASK_OBJECTS):
            yield task
            task, size = [], 0
        task.append(found)
        size += found.size
    if task:
        yield task


def _given(value: int | None, name: str) -> int:
    if value is None:
        raise msgspec.ValidationError(f"Object missing required field `{name}`")
    return value


def _marked(body: bytes) -> dict[str, Any]:
    noted: dict[str, Any] = msgspec.json.decode(body)
    return noted


def _shown(generation: Generation) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(generation)
    return shown
