"""Compares event store, log and archive in steps, each of which is bounded and can be repeated.

``make reconcile`` or a state machine takes them, for one run:

1. ``plan``: what is read is divided into tasks: parts of the store, shards, days of the archive.
2. ``read``, for each task: what a place holds is noted by the day on which it happened.
3. ``gather``: the days that anything was noted of.
4. ``compare``, for each day: what every hour holds, and what is missing where.
5. ``repair``, for each day: what the archive lacks is added, what the log lacks is published.
6. ``conclude``: the sum of it, small enough for an answer.

A step that cannot end in one call answers ``done: false`` and goes on when it is called again.
"""

import gzip
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from reconciliation.domain.comparison import ARCHIVE, LOG, PLACES, STORE, Comparison, Name
from reconciliation.ports import (
    Additions,
    ArchiveToRead,
    EventsOfOrders,
    Histories,
    Log,
    Notes,
    Position,
)
from shared import clock, log
from shared.envelope import Envelope
from shared.fingerprint import fingerprint
from shared.log_records import Unreadable, read_envelope

NEAR_THE_HORIZON = timedelta(hours=1)
SEGMENTS = 16
"""Parts into which the whole event store is divided."""
WORK_SECONDS = 600
"""After this a step notes how far it is."""
MARKS_HELD = 100_000
OBJECTS_AT_ONCE = 100
MARKS_COMPARED = 1_000_000
"""Events of a day that are compared at a time: some 300 MB."""
REPAIRED_AT_ONCE = 500
READERS = 8
NAMED = 200
"""Missing events that an answer names in each place, and hours that it shows: the rest is counted,
and ``day`` shows it. A state machine takes 256 KB, an answer of a function 6 MB."""
DAY, HOUR = len("2026-12-01"), len("2026-12-01T09")


NotedT = TypeVar("NotedT")


class NotReady(Exception):
    """A step was asked for before the steps that it rests on were done."""


class Task(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something to read: an hour or a segment of the store, a shard, a folder of the archive."""

    place: str
    hour: str = ""
    segment: int = 0
    shard: str = ""
    folder: str = ""


class Plan(msgspec.Struct, frozen=True):
    """What a run compares; times are as events carry them. ``since`` is empty for everything."""

    since: str
    until: str
    horizon: str
    tasks: list[Task]


class Progress(msgspec.Struct):
    """How far a task is: where to go on, the parts written, and how many marks of each day."""

    position: Any = None
    parts: int = 0
    days: dict[str, int] = {}
    unreadable: int = 0
    done: bool = False


class Mark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event that a place holds."""

    fingerprint: str
    id: str
    version: int | None
    occurred_at: str
    where: str = ""


class Day(msgspec.Struct, frozen=True):
    """What was found of a day; the missing ones are in ``files`` of their own."""

    hours: list[dict[str, Any]]
    missing: dict[str, int]
    files: int


class Missing(msgspec.Struct, frozen=True):
    """Fingerprints and events that a place lacks, and those that must be published again."""

    missing: dict[str, dict[str, Name]]
    unpublished: dict[str, Name]


class Repaired(msgspec.Struct):
    """How far a day's repair is."""

    file: int = 0
    chunk: int = 0
    back_filled: int = 0
    republished: int = 0
    done: bool = False


@dataclass(frozen=True)
class Reconciliation:
    """The steps of a run. ``monotonic`` gives seconds."""

    run: str
    notes: Notes
    log: Log
    archive: ArchiveToRead
    owners: EventsOfOrders
    histories: Histories
    additions: Additions
    monotonic: Callable[[], float] = time.monotonic

    def plan(self, hours: int | None, settle_seconds: int) -> dict[str, Any]:
        """Divide what happened in the last ``hours`` (None: ever) until ``settle_seconds`` ago."""
        kept = self.notes.get(f"{self.run}/plan.json")
        if kept is None:
            now = datetime.now(UTC)
            since = _hour_of(now - timedelta(hours=hours)) if hours is not None else None
            horizon = now - timedelta(hours=self.log.retention_hours()) + NEAR_THE_HORIZON
            until = now - timedelta(seconds=settle_seconds)
            plan = Plan(
                clock.format_time(since) if since else "",
                clock.format_time(until),
                clock.format_time(horizon),
                list(self._tasks(since, until)),
            )
            numbered = [{"task": number} for number in range(len(plan.tasks))]
            self._note("tasks.json", numbered)
            self._note("plan.json", plan)
        else:
            plan = msgspec.json.decode(kept, type=Plan)
        return {
            "run": self.run,
            "bucket": self.notes.bucket,
            "since": plan.since,
            "until": plan.until,
            "tasks": len(plan.tasks),
        }

    def read(self, task: int) -> dict[str, Any]:
        """Note what a task's place holds; ``{done, marks}``."""
        plan, name = self._plan(), f"read/{task:06d}.json"
        at = self._noted(name, Progress) or Progress()
        if at.done:
            return {"done": True, "marks": sum(at.days.values())}
        ends = self.monotonic() + WORK_SECONDS
        what = plan.tasks[task]
        held: dict[str, list[bytes]] = defaultdict(list)
        count = 0

        def flush() -> None:
            for day, lines in held.items():
                file = f"{self.run}/marks/{day}/{what.place}-{task:06d}-{at.parts:06d}"
                self.notes.put(file, gzip.compress(b"\n".join(lines), 1))
                at.days[day] = at.days.get(day, 0) + len(lines)
            at.parts += 1
            held.clear()

        for marks, unreadable, position in self._places(what, plan, at.position):
            for mark in marks:
                if plan.since <= mark.occurred_at <= plan.until:
                    held[mark.occurred_at[:DAY]].append(msgspec.json.encode(mark))
                    count += 1
            at.unreadable += unreadable
            at.position = position
            if count >= MARKS_HELD or self.monotonic() > ends:
                flush()
                count = 0
                if self.monotonic() > ends and position is not None:
                    self._note(name, at)
                    return {"done": False, "marks": sum(at.days.values())}
        flush()
        at.done = True
        self._note(name, at)
        return {"done": True, "marks": sum(at.days.values())}

    def gather(self) -> dict[str, Any]:
        """The days that were read; ``{run, bucket, days}``, the number of them."""
        days: Counter[str] = Counter()
        for number in range(len(self._plan().tasks)):
            at = self._noted(f"read/{number:06d}.json", Progress)
            if at is None or not at.done:
                raise NotReady(f"task {number} is not read yet")
            days.update(at.days)
        self._note("days.json", [{"day": day, "marks": days[day]} for day in sorted(days)])
        return {"run": self.run, "bucket": self.notes.bucket, "days": len(days)}

    def compare(self, day: str) -> dict[str, Any]:
        """Compare what was noted of a day; ``{done, missing: {place: count}}``.

        A day that has more than a function can hold is compared in several passes, each of some of
        the fingerprints.
        """
        plan = self._plan()
        marks = {it["day"]: it["marks"] for it in self._days()}
        passes = 1 + marks[day] // (len(PLACES) * MARKS_COMPARED)
        hours: dict[str, dict[str, Any]] = {}
        counts = dict.fromkeys(PLACES, 0)
        for number in range(passes):
            compared = Comparison(plan.until, plan.horizon, plan.since)
            for place, mark in self._marks(day):
                if int(mark.fingerprint, 16) % passes == number:
                    name = Name(mark.id, mark.version, mark.occurred_at, mark.where)
                    compared.take_in(place, name, mark.fingerprint)
            for hour, held, complete in compared.hours():
                found = {"hour": hour, **msgspec.to_builtins(held), "complete": complete}
                hours[hour] = _added(hours[hour], found) if hour in hours else found
            missing = {place: compared.missing(place) for place in PLACES}
            for place in PLACES:
                counts[place] += len(missing[place])
            # What the store does not have, nobody can publish: it is named, and waits for a
            # decision.
            unpublished = {
                mark: name
                for mark, name in compared.unpublished().items()
                if name.version is None or compared.holds(STORE, mark, name)
            }
            self._note(f"missing/{day}/{number:06d}.json", Missing(missing, unpublished))
        self._note(f"compared/{day}.json", Day([hours[it] for it in sorted(hours)], counts, passes))
        return {"done": True, "missing": counts}

    def repair(self, day: str) -> dict[str, Any]:
        """Add to the archive and publish what is missing of a day; ``{done}``."""
        name, found = f"repaired/{day}.json", self._compared(day)
        at = self._noted(name, Repaired) or Repaired()
        ends = self.monotonic() + WORK_SECONDS
        while at.file < found.files and not at.done:
            chunks = list(_chunks(self._missing(day, at.file)))
            for chunk in chunks[at.chunk :]:
                at.back_filled += self._back_fill(chunk.missing[ARCHIVE])
                at.republished += self._republish(chunk.unpublished)
                at.chunk += 1
                self._note(name, at)
                if self.monotonic() > ends:
                    return {"done": False}
            at.file, at.chunk = at.file + 1, 0
        at.done = True
        self._note(name, at)
        return {"done": True}

    def conclude(self) -> dict[str, Any]:
        """The sum of a run.

        Returns ``{run, since, until, hours, places: {place: {events, hash}}, differing: {count,
        hours: [{hour, store, log, archive}]}, missing: {place: {count, names}}, unreadable,
        republished, back_filled}``. At most NAMED hours and events of a place are in it.
        """
        plan = self._plan()
        sums: dict[str, Any] = {}
        hours = 0
        differing: list[dict[str, Any]] = []
        missing: dict[str, dict[str, Any]] = {it: {"count": 0, "names": []} for it in PLACES}
        repaired = Repaired()
        for noted in self._days():
            day = self._compared(noted["day"])
            for hour in day.hours:
                places = {place: hour[place] for place in PLACES}
                sums = _added(sums, places) if sums else places
                hours += 1
                if not hour["complete"]:
                    differing.append(hour)
            for place in PLACES:
                missing[place]["count"] += day.missing[place]
                self._name(missing[place]["names"], noted["day"], day, place)
            done = self._noted(f"repaired/{noted['day']}.json", Repaired) or Repaired()
            repaired.back_filled += done.back_filled
            repaired.republished += done.republished
        counts = {place: missing[place]["count"] for place in PLACES}
        unreadable = sum(self._progress(it).unreadable for it in range(len(plan.tasks)))
        log.metric("EventsMissing", sum(counts.values()))
        log.info("compared", run=self.run, hours=hours, missing=counts, unreadable=unreadable)
        return {
            "run": self.run,
            "since": plan.since,
            "until": plan.until,
            "hours": hours,
            "places": sums or {place: {"events": 0, "hash": f"{0:016x}"} for place in PLACES},
            "differing": {"count": len(differing), "hours": differing[:NAMED]},
            "missing": missing,
            "unreadable": unreadable,
            "republished": repaired.republished,
            "back_filled": repaired.back_filled,
        }

    def days(self, after: str) -> dict[str, Any]:
        """The first day after ``after``: ``{day, hours}``, null at the end.

        ``hours`` are those of ``compare``, null before it.
        """
        following = [it["day"] for it in self._days() if it["day"] > after]
        if not following:
            return {"day": None, "hours": None}
        found = self._noted(f"compared/{following[0]}.json", Day)
        return {"day": following[0], "hours": found.hours if found else None}

    def _tasks(self, since: datetime | None, until: datetime) -> Iterator[Task]:
        if since is None:
            yield from (Task(STORE, segment=it) for it in range(SEGMENTS))
        else:
            hour = since
            while hour <= until:
                yield Task(STORE, hour=clock.format_time(hour)[:HOUR])
                hour += timedelta(hours=1)
        yield from (Task(LOG, shard=it) for it in self.log.shards())
        first = clock.format_time(since)[:DAY] if since else ""
        yield from (Task(ARCHIVE, folder=it) for it in self.archive.days(first))

    def _places(
        self, task: Task, plan: Plan, position: Any
    ) -> Iterator[tuple[Iterable[Mark], int, Any]]:
        """Marks, how many records could not be read, and where to go on (None at the end)."""
        if task.place == STORE:
            return self._of_hour(task, position) if task.hour else self._of_segment(task, position)
        if task.place == LOG:
            return self._of_shard(task.shard, plan, position)
        return self._of_folder(task.folder, position)

    def _of_segment(
        self, task: Task, after: Position
    ) -> Iterator[tuple[Iterable[Mark], int, Position]]:
        while True:
            page, after = self.owners.page(task.segment, SEGMENTS, after)
            yield map(_mark_of, page), 0, after
            if after is None:
                return

    def _of_hour(self, task: Task, at: Any) -> Iterator[tuple[Iterable[Mark], int, Any]]:
        part, after = at or (0, None)
        while True:
            (page, after), parts = self.owners.page_of_hour(task.hour, part, after)
            part += after is None
            is_end = part == parts
            yield map(_mark_of, page), 0, None if is_end else (part, after)
            if is_end:
                return

    def _of_shard(
        self, shard: str, plan: Plan, after: str | None
    ) -> Iterator[tuple[Iterable[Mark], int, str]]:
        # A record comes onto the log after it happened.
        since = clock.parse_time(plan.since) if plan.since and after is None else None
        until = clock.parse_time(plan.until)
        for batch in self.log.batches(shard, since=since, after=after, until=_until(until)):
            bodies = [(it.body, f"{it.shard}:{it.sequence}") for it in batch]
            marks, unreadable = _marks_of(bodies)
            yield marks, unreadable, batch[-1].sequence

    def _of_folder(
        self, folder: str, after: str | None
    ) -> Iterator[tuple[Iterable[Mark], int, str]]:
        keys = [key for key in self.archive.keys(folder) if after is None or key > after]
        for start in range(0, len(keys), OBJECTS_AT_ONCE):
            for key in keys[start : start + OBJECTS_AT_ONCE]:
                marks, unreadable = _marks_of((line, key) for line in self.archive.lines([key]))
                yield marks, unreadable, key

    def _marks(self, day: str) -> Iterator[tuple[str, Mark]]:
        for name in self.notes.names(f"{self.run}/marks/{day}/"):
            place = name.rpartition("/")[2].partition("-")[0]
            for line in gzip.decompress(self.notes.get(name) or b"").split(b"\n"):
                yield place, _decode_mark(line)

    def _back_fill(self, missing: dict[str, Name]) -> int:
        return self.additions.add([*self._from_orders(missing), *self._facts(missing)])

    def _republish(self, unpublished: dict[str, Name]) -> int:
        events = [name for name in unpublished.values() if name.version is not None]
        facts = list(self._facts(unpublished))
        return self.owners.republish_events(events) + self.owners.republish_facts(facts)

    def _from_orders(self, missing: dict[str, Name]) -> Iterator[Envelope]:
        orders = sorted({name.id for name in missing.values() if name.version is not None})

        def wanted(order_id: str) -> list[Envelope]:
            events = self.histories.read_events(order_id, 0)
            return [event for event in events if fingerprint(event) in missing]

        with ThreadPoolExecutor(READERS) as pool:
            for events in pool.map(wanted, orders):
                yield from events

    def _facts(self, missing: dict[str, Name]) -> Iterator[Envelope]:
        """Those that one place lacks, each once, from where another place has them."""
        in_log: dict[str, list[str]] = defaultdict(list)
        in_archive = set()
        for name in missing.values():
            shard, is_log, sequence = name.where.partition(":")
            if name.version is None and is_log:
                in_log[shard].append(sequence)
            elif name.version is None:
                in_archive.add(name.where)
        bodies = [*self._from_log(in_log), *self.archive.lines(sorted(in_archive))]
        wanted = {mark for mark, name in missing.items() if name.version is None}
        for body in bodies:
            try:
                event = read_envelope(body)
            except Unreadable:
                continue
            if (mark := fingerprint(event)) in wanted:
                wanted.discard(mark)
                yield event

    def _from_log(self, in_log: dict[str, list[str]]) -> Iterator[bytes]:
        for shard, sequences in sorted(in_log.items()):
            wanted, last = set(sequences), max(map(int, sequences))
            for batch in self.log.batches(shard, at=min(sequences, key=int)):
                yield from (record.body for record in batch if record.sequence in wanted)
                if int(batch[-1].sequence) >= last:
                    break

    def _name(self, names: list[Any], date: str, day: Day, place: str) -> None:
        """Name what is missing, until there are enough names."""
        for file in range(day.files):
            if len(names) == NAMED or not day.missing[place]:
                return
            missing = list(self._missing(date, file).missing[place].values())
            names += msgspec.to_builtins(missing[: NAMED - len(names)])

    def _plan(self) -> Plan:
        plan = self._noted("plan.json", Plan)
        if plan is None:
            raise NotReady(f"run {self.run} has no plan yet")
        return plan

    def _progress(self, task: int) -> Progress:
        return self._noted(f"read/{task:06d}.json", Progress) or Progress()

    def _days(self) -> list[dict[str, Any]]:
        days = self._noted("days.json", list[dict[str, Any]])
        if days is None:
            raise NotReady(f"run {self.run} is not read yet")
        return days

    def _compared(self, day: str) -> Day:
        found = self._noted(f"compared/{day}.json", Day)
        if found is None:
            raise NotReady(f"{day} is not compared yet")
        return found

    def _missing(self, day: str, file: int) -> Missing:
        found = self._noted(f"missing/{day}/{file:06d}.json", Missing)
        if found is None:
            raise NotReady(f"{day} is not compared yet")
        return found

    def _note(self, name: str, value: Any) -> None:
        self.notes.put(f"{self.run}/{name}", msgspec.json.encode(value))

    def _noted(self, name: str, form: type[NotedT]) -> NotedT | None:
        kept = self.notes.get(f"{self.run}/{name}")
        return None if kept is None else msgspec.json.decode(kept, type=form)


_decode_mark = msgspec.json.Decoder(Mark).decode


def _mark_of(event: tuple[Name, str]) -> Mark:
    name, mark = event
    return Mark(mark, name.id, name.version, name.occurred_at)


def _marks_of(bodies: Iterable[tuple[bytes, str]]) -> tuple[list[Mark], int]:
    """Marks of records, and how many of them cannot be read."""
    marks, unreadable = [], 0
    for body, where in bodies:
        try:
            event = read_envelope(body)
        except Unreadable:
            unreadable += 1
            continue
        is_fact = event.version is None
        its_id = event.event_id if is_fact else event.aggregate_id
        place = where if is_fact else ""
        marks.append(Mark(fingerprint(event), its_id, event.version, event.occurred_at, place))
    return marks, unreadable


def _chunks(found: Missing) -> Iterator[Missing]:
    """What is missing in portions that a function can hold with all that is in the events."""
    archive, log_ = found.missing[ARCHIVE], found.unpublished
    both = {**archive, **log_}
    marks = sorted(both, key=lambda it: _order(both[it]))
    for start in range(0, len(marks), REPAIRED_AT_ONCE):
        some = marks[start : start + REPAIRED_AT_ONCE]
        yield Missing(
            {ARCHIVE: {it: archive[it] for it in some if it in archive}},
            {it: log_[it] for it in some if it in log_},
        )


def _order(name: Name) -> tuple[str, str, int]:
    return name.occurred_at, name.id, name.version or 0


def _added(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What two parts of the same hours hold together."""
    return {
        **one,
        **{
            place: {
                "events": one[place]["events"] + other[place]["events"],
                "hash": _sum(one[place]["hash"], other[place]["hash"]),
            }
            for place in PLACES
        },
        **({"complete": one["complete"] and other["complete"]} if "complete" in one else {}),
    }


def _sum(one: str, other: str) -> str:
    return f"{(int(one, 16) + int(other, 16)) % 2**64:016x}"


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _until(until: datetime) -> datetime:
    """Records that arrived a little later may tell of something that happened before."""
    return until + timedelta(minutes=15)
