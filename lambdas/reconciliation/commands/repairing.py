"""Puts back what a place lacks: into the archive, and onto the log through those who may."""

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

from reconciliation.commands.run_notes import Missing
from reconciliation.domain.comparison import ARCHIVE, Name
from reconciliation.ports import Additions, ArchiveToRead, EventsOfOrders, Histories, Log
from shared.messaging.envelope import Envelope
from shared.messaging.fingerprint import fingerprint
from shared.messaging.log_records import Unreadable, read_envelope

REPAIRED_AT_ONCE = 500
READERS = 8


@dataclass(frozen=True)
class Repairs:
    """Orders give an order's event; an integration event is taken from where it was found."""

    owners: EventsOfOrders
    log: Log
    archive: ArchiveToRead
    histories: Histories
    additions: Additions

    def back_fill(self, missing: dict[str, Name]) -> int:
        """Add to the archive; how many events."""
        return self.additions.add([*self._from_orders(missing), *self._integration_events(missing)])

    def republish(self, unpublished: dict[str, Name]) -> int:
        """Have them published again; how many events."""
        events = [name for name in unpublished.values() if name.version is not None]
        integration_events = list(self._integration_events(unpublished))
        return self.owners.republish_events(events) + self.owners.republish_integration_events(
            integration_events
        )

    def _from_orders(self, missing: dict[str, Name]) -> Iterator[Envelope]:
        orders = sorted({name.id for name in missing.values() if name.version is not None})

        def wanted(order_id: str) -> list[Envelope]:
            events = self.histories.read_events(order_id, 0)
            return [event for event in events if fingerprint(event) in missing]

        with ThreadPoolExecutor(READERS) as pool:
            for events in pool.map(wanted, orders):
                yield from events

    def _integration_events(self, missing: dict[str, Name]) -> Iterator[Envelope]:
        """Those that one place lacks, each once, from where another place has them."""
        in_log: dict[str, list[str]] = defaultdict(list)
        in_archive = set()
        for name in missing.values():
            shard, is_log, sequence = name.where.partition(":")
            if name.version is None and is_log:
                in_log[shard].append(sequence)
            elif name.version is None:
                in_archive.add(name.where)
        archived = (lines for _, lines, _ in self.archive.contents(sorted(in_archive)))
        bodies = chain(self._from_log(in_log), chain.from_iterable(archived))
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


def chunks(found: Missing) -> Iterator[Missing]:
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
