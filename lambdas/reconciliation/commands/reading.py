"""Reads the three places a page at a time: what each holds, as ids and fingerprints."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orders_language.schemas import ORDER_EVENTS
from reconciliation.commands.run_notes import Mark, Plan, Task
from reconciliation.domain.comparison import ARCHIVE, LOG, STORE, Name
from reconciliation.ports import ArchiveToRead, EventsOfOrders, Log
from shared.messaging.fingerprint import fingerprint
from shared.messaging.log_records import Unreadable, read_envelope
from shared.runtime import clock, log

SEGMENTS = 16
"""Parts into which the whole event store is divided."""
DAY, HOUR = len("2026-12-01"), len("2026-12-01T09")
ON_THEIR_WAY = timedelta(minutes=15)
"""Records that arrive later may tell of something that happened before."""
Page = tuple[Iterable[Mark], int, Any]
"""Marks, how many records could not be read, and where to go on: None at the end."""


@dataclass(frozen=True)
class Places:
    """Event store, log and archive, for reading."""

    owners: EventsOfOrders
    log: Log
    archive: ArchiveToRead

    def tasks(self, since: datetime | None, until: datetime) -> Iterator[Task]:
        """What is to be read of the time between; of ever if ``since`` is None."""
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

    def pages(self, task: Task, plan: Plan, position: Any) -> Iterator[Page]:
        """A task's place from a position on."""
        if task.place == STORE:
            return self._of_hour(task, position) if task.hour else self._of_segment(task, position)
        if task.place == LOG:
            return self._of_shard(task.shard, plan, position)
        return self._of_folder(task.folder, position)

    def _of_segment(self, task: Task, after: Any) -> Iterator[Page]:
        while True:
            page, after = self.owners.page(task.segment, SEGMENTS, after)
            yield map(_mark_of, page), 0, after
            if after is None:
                return

    def _of_hour(self, task: Task, at: Any) -> Iterator[Page]:
        part, after = at or (0, None)
        while True:
            (page, after), parts = self.owners.page_of_hour(task.hour, part, after)
            part += after is None
            is_end = part == parts
            yield map(_mark_of, page), 0, None if is_end else (part, after)
            if is_end:
                return

    def _of_shard(self, shard: str, plan: Plan, after: str | None) -> Iterator[Page]:
        # A record comes onto the log after it happened.
        since = clock.parse_time(plan.since) if plan.since and after is None else None
        until = clock.parse_time(plan.until)
        for batch in self.log.batches(shard, since=since, after=after, until=until + ON_THEIR_WAY):
            bodies = [(it.body, f"{it.shard}:{it.sequence}") for it in batch]
            marks, unreadable = _marks_of(bodies)
            yield marks, unreadable, batch[-1].sequence

    def _of_folder(self, folder: str, after: str | None) -> Iterator[Page]:
        keys = [key for key in self.archive.keys(folder) if after is None or key > after]
        for key, lines, damage in self.archive.contents(keys):
            marks, unreadable = _marks_of((line, key) for line in lines)
            if damage is not None:
                log.warning("archived object is damaged", key=key, damage=damage)
            yield marks, unreadable + (damage is not None), key


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
        is_integration_event = event.version is None
        if not is_integration_event and not ORDER_EVENTS.holds(event):
            continue  # of an aggregate whose store is not compared
        its_id = event.event_id if is_integration_event else event.aggregate_id
        place = where if is_integration_event else ""
        marks.append(Mark(fingerprint(event), its_id, event.version, event.occurred_at, place))
    return marks, unreadable
