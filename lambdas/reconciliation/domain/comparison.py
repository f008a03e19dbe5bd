"""Compares what event store, log and archive hold, hour by hour, and says what is missing where.

Events of orders must be in all three places, integration events of other services in log and
archive. The log keeps records for a while only: what happened before its horizon is not expected
there.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

STORE, LOG, ARCHIVE = PLACES = ("store", "log", "archive")
HOUR = len("2026-12-01T09")


@dataclass(frozen=True, slots=True)
class Name:
    """An event: ``id`` is the order's id, or the integration event's if ``version`` is None.

    ``where`` an integration event was found, since nobody can be asked for it: ``shard:sequence``
    in the log, or the name of the archive's object.
    """

    id: str
    version: int | None
    occurred_at: str
    where: str = ""

    @property
    def hour(self) -> str:
        """When it happened, such as ``2026-12-01T09``."""
        return self.occurred_at[:HOUR]


@dataclass(frozen=True, slots=True)
class HourOfPlace:
    """How many events a place holds of an hour, and the sum of their fingerprints (64 bits)."""

    events: int
    hash: str


Seen = dict[int, Name]


@dataclass(slots=True)
class Comparison:
    """Takes in the three places in any order, duplicates included.

    ``until``: later events are still on their way and are not compared. ``horizon``: earlier ones
    need not be in the log any more. ``since``: earlier ones are not compared. All are times as
    events carry them.
    """

    until: str
    horizon: str
    since: str = ""
    _names: Seen = field(default_factory=dict)
    _places: dict[str, dict[str, set[int]]] = field(
        default_factory=lambda: {place: defaultdict(set) for place in PLACES}
    )

    def take_in(self, place: str, name: Name, fingerprint: str) -> None:
        """A place holds this event."""
        if not self.since <= name.occurred_at <= self.until:
            return
        number = int(fingerprint, 16)
        self._names.setdefault(number, name)
        self._places[place][name.hour].add(number)

    def hours(self) -> Iterator[tuple[str, dict[str, HourOfPlace], bool]]:
        """Each hour with what every place holds of it, and whether nothing is missing."""
        for hour in sorted(set().union(*self._places.values())):
            held = {place: self._places[place].get(hour, set()) for place in PLACES}
            complete = not any(self._missing(place, hour) for place in PLACES)
            yield hour, {place: _summed(held[place]) for place in PLACES}, complete

    def missing(self, place: str) -> dict[str, Name]:
        """By fingerprint, what other places hold and this one should."""
        hours = set().union(*self._places.values())
        return {
            f"{number:016x}": self._names[number]
            for hour in sorted(hours)
            for number in self._missing(place, hour)
        }

    def unpublished(self) -> dict[str, Name]:
        """What must be put on the log again: it is not there, and should be or never was.

        An old event that the archive does not know either has never been on the log, as far as
        anybody can tell; publishing it once more does no harm.
        """
        lost = self.missing(LOG)
        for fingerprint, name in self.missing(ARCHIVE).items():
            if not self.holds(LOG, fingerprint, name):
                lost[fingerprint] = name
        return lost

    def holds(self, place: str, fingerprint: str, name: Name) -> bool:
        """Whether a place has the event."""
        return int(fingerprint, 16) in self._places[place].get(name.hour, ())

    def _missing(self, place: str, hour: str) -> set[int]:
        everywhere = set().union(*(hours.get(hour, set()) for hours in self._places.values()))
        absent = everywhere - self._places[place].get(hour, set())
        if place == STORE:
            return {it for it in absent if self._names[it].version is not None}
        if place == LOG:
            return {it for it in absent if self._names[it].occurred_at >= self.horizon}
        return absent


def _summed(numbers: set[int]) -> HourOfPlace:
    return HourOfPlace(len(numbers), f"{sum(numbers) % 2**64:016x}")
