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

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from reconciliation.commands.reading import DAY, Places
from reconciliation.commands.repairing import Repairs, chunks
from reconciliation.commands.run_notes import (
    Day,
    Missing,
    NotReady,
    Plan,
    Progress,
    Repaired,
    RunNotes,
)
from reconciliation.domain.comparison import ARCHIVE, PLACES, STORE, Comparison, Name
from reconciliation.ports import Log
from shared.runtime import clock, log

NEAR_THE_HORIZON = timedelta(hours=1)
WORK_SECONDS = 600
"""After this a step notes how far it is."""
MARKS_HELD = 100_000
MARKS_COMPARED = 1_000_000
"""Events of a day that are compared at a time: some 300 MB."""
NAMED = 200
"""Missing events that an answer names in each place, and hours that it shows: the rest is counted,
and ``days`` shows it. A state machine takes 256 KB, an answer of a function 6 MB."""


@dataclass(frozen=True)
class Reconciliation:
    """The steps of a run. ``monotonic`` gives seconds."""

    notes: RunNotes
    log: Log
    places: Places
    repairs: Repairs
    monotonic: Callable[[], float] = time.monotonic

    def plan(self, hours: int | None, settle_seconds: int) -> dict[str, Any]:
        """Divide what happened in the last ``hours`` (None: ever) until ``settle_seconds`` ago."""
        noted_plan = self.notes.noted("plan.json", Plan)
        if noted_plan is None:
            now = datetime.now(UTC)
            since = _hour_of(now - timedelta(hours=hours)) if hours is not None else None
            horizon = now - timedelta(hours=self.log.retention_hours()) + NEAR_THE_HORIZON
            until = now - timedelta(seconds=settle_seconds)
            plan = Plan(
                clock.format_time(since) if since else "",
                clock.format_time(until),
                clock.format_time(horizon),
                list(self.places.tasks(since, until)),
            )
            numbered = [{"task": number} for number in range(len(plan.tasks))]
            self.notes.note("tasks.json", numbered)
            self.notes.note("plan.json", plan)
        else:
            plan = noted_plan
        return {
            "run": self.notes.run,
            "bucket": self.notes.bucket,
            "since": plan.since,
            "until": plan.until,
            "tasks": len(plan.tasks),
        }

    def read(self, task: int) -> dict[str, Any]:
        """Note what a task's place holds; ``{done, marks}``."""
        plan, name = self.notes.plan(), f"read/{task:06d}.json"
        at = self.notes.noted(name, Progress) or Progress()
        if at.done:
            return {"done": True, "marks": sum(at.days.values())}
        ends = self.monotonic() + WORK_SECONDS
        what = plan.tasks[task]
        held: dict[str, list[bytes]] = defaultdict(list)
        count = 0

        def flush() -> None:
            for day, lines in held.items():
                self.notes.put_marks(day, f"{what.place}-{task:06d}-{at.parts:06d}", lines)
                at.days[day] = at.days.get(day, 0) + len(lines)
            at.parts += 1
            held.clear()

        for marks, unreadable, position in self.places.pages(what, plan, at.position):
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
                    self.notes.note(name, at)
                    return {"done": False, "marks": sum(at.days.values())}
        flush()
        at.done = True
        self.notes.note(name, at)
        return {"done": True, "marks": sum(at.days.values())}

    def gather(self) -> dict[str, Any]:
        """The days that were read; ``{run, bucket, days}``, the number of them."""
        days: Counter[str] = Counter()
        for number in range(len(self.notes.plan().tasks)):
            at = self.notes.noted(f"read/{number:06d}.json", Progress)
            if at is None or not at.done:
                raise NotReady(f"task {number} is not read yet")
            days.update(at.days)
        self.notes.note("days.json", [{"day": day, "marks": days[day]} for day in sorted(days)])
        return {"run": self.notes.run, "bucket": self.notes.bucket, "days": len(days)}

    def compare(self, day: str) -> dict[str, Any]:
        """Compare what was noted of a day; ``{done, missing: {place: count}}``.

        A day that has more than a function can hold is compared in several passes, each of some of
        the fingerprints.
        """
        plan = self.notes.plan()
        marks = {it["day"]: it["marks"] for it in self.notes.days()}
        passes = 1 + marks[day] // (len(PLACES) * MARKS_COMPARED)
        hours: dict[str, dict[str, Any]] = {}
        counts = dict.fromkeys(PLACES, 0)
        for number in range(passes):
            compared = Comparison(plan.until, plan.horizon, plan.since)
            for place, mark in self.notes.marks(day):
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
            self.notes.note(f"missing/{day}/{number:06d}.json", Missing(missing, unpublished))
        self.notes.note(
            f"compared/{day}.json", Day([hours[it] for it in sorted(hours)], counts, passes)
        )
        return {"done": True, "missing": counts}

    def repair(self, day: str) -> dict[str, Any]:
        """Add to the archive and publish what is missing of a day; ``{done}``."""
        name, found = f"repaired/{day}.json", self.notes.compared(day)
        at = self.notes.noted(name, Repaired) or Repaired()
        ends = self.monotonic() + WORK_SECONDS
        while at.file < found.files and not at.done:
            for chunk in list(chunks(self.notes.missing(day, at.file)))[at.chunk :]:
                at.back_filled += self.repairs.back_fill(chunk.missing[ARCHIVE])
                at.republished += self.repairs.republish(chunk.unpublished)
                at.chunk += 1
                self.notes.note(name, at)
                if self.monotonic() > ends:
                    return {"done": False}
            at.file, at.chunk = at.file + 1, 0
        at.done = True
        self.notes.note(name, at)
        return {"done": True}

    def conclude(self) -> dict[str, Any]:
        """The sum of a run.

        Returns ``{run, since, until, hours, places: {place: {events, hash}}, differing: {count,
        hours: [{hour, store, log, archive}]}, missing: {place: {count, names}}, unreadable,
        republished, back_filled}``. At most NAMED hours and events of a place are in it.
        """
        plan = self.notes.plan()
        sums: dict[str, Any] = {}
        hours = 0
        differing: list[dict[str, Any]] = []
        missing: dict[str, dict[str, Any]] = {it: {"count": 0, "names": []} for it in PLACES}
        repaired = Repaired()
        for noted in self.notes.days():
            day = self.notes.compared(noted["day"])
            for hour in day.hours:
                places = {place: hour[place] for place in PLACES}
                sums = _added(sums, places) if sums else places
                hours += 1
                if not hour["complete"]:
                    differing.append(hour)
            for place in PLACES:
                missing[place]["count"] += day.missing[place]
                self._name(missing[place]["names"], noted["day"], day, place)
            done = self.notes.noted(f"repaired/{noted['day']}.json", Repaired) or Repaired()
            repaired.back_filled += done.back_filled
            repaired.republished += done.republished
        counts = {place: missing[place]["count"] for place in PLACES}
        unreadable = sum(self.notes.progress(it).unreadable for it in range(len(plan.tasks)))
        log.metric("EventsMissing", sum(counts.values()))
        log.info("compared", run=self.notes.run, hours=hours, missing=counts, unreadable=unreadable)
        return {
            "run": self.notes.run,
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
        following = [it["day"] for it in self.notes.days() if it["day"] > after]
        if not following:
            return {"day": None, "hours": None}
        found = self.notes.noted(f"compared/{following[0]}.json", Day)
        return {"day": following[0], "hours": found.hours if found else None}

    def _name(self, names: list[Any], date: str, day: Day, place: str) -> None:
        """Name what is missing, until there are enough names."""
        for file in range(day.files):
            if len(names) == NAMED or not day.missing[place]:
                return
            missing = list(self.notes.missing(date, file).missing[place].values())
            names += msgspec.to_builtins(missing[: NAMED - len(names)])


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
