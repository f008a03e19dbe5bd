"""What a run of the comparison writes down, so that every step can be repeated and goes on."""

import gzip
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from reconciliation.domain.comparison import Name
from reconciliation.ports import Notes

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


class RunNotes:
    """The notes of one run, below its name."""

    def __init__(self, run: str, notes: Notes) -> None:
        self.run = run
        self.bucket = notes.bucket
        self._notes = notes

    def plan(self) -> Plan:
        """Raises NotReady."""
        plan = self.noted("plan.json", Plan)
        if plan is None:
            raise NotReady(f"run {self.run} has no plan yet")
        return plan

    def progress(self, task: int) -> Progress:
        """How far the reading of a task is."""
        return self.noted(f"read/{task:06d}.json", Progress) or Progress()

    def days(self) -> list[dict[str, Any]]:
        """The days that were read, ``{day, marks}``. Raises NotReady."""
        days = self.noted("days.json", list[dict[str, Any]])
        if days is None:
            raise NotReady(f"run {self.run} is not read yet")
        return days

    def compared(self, day: str) -> Day:
        """Raises NotReady."""
        found = self.noted(f"compared/{day}.json", Day)
        if found is None:
            raise NotReady(f"{day} is not compared yet")
        return found

    def missing(self, day: str, file: int) -> Missing:
        """Raises NotReady."""
        found = self.noted(f"missing/{day}/{file:06d}.json", Missing)
        if found is None:
            raise NotReady(f"{day} is not compared yet")
        return found

    def put_marks(self, day: str, name: str, marks: Iterable[bytes]) -> None:
        """Keep marks of a day; a name begins with the place that holds them."""
        self._notes.put(f"{self.run}/marks/{day}/{name}", gzip.compress(b"\n".join(marks), 1))

    def marks(self, day: str) -> Iterator[tuple[str, Mark]]:
        """A day's marks, each with the place that holds it."""
        for name in self._notes.names(f"{self.run}/marks/{day}/"):
            place = name.rpartition("/")[2].partition("-")[0]
            for line in gzip.decompress(self._notes.get(name) or b"").split(b"\n"):
                yield place, _decode_mark(line)

    def note(self, name: str, value: Any) -> None:
        """Write something down."""
        self._notes.put(f"{self.run}/{name}", msgspec.json.encode(value))

    def noted(self, name: str, form: type[NotedT]) -> NotedT | None:
        """What was written down, if anything was."""
        noted = self._notes.get(f"{self.run}/{name}")
        return None if noted is None else msgspec.json.decode(noted, type=form)


_decode_mark = msgspec.json.Decoder(Mark).decode
