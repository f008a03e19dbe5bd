"""What an event store gets back: the backup's events, and those that the archive has besides.

Nothing here reads or writes. Events are identified by aggregate and version; an event's id follows
from both, so that two histories differ where the contents of one version differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.messaging.envelope import Envelope

UNDONE = "OrderRejected"
"""The last word of a saga that has undone everything."""
History = Mapping[int, Envelope]


@dataclass(frozen=True, slots=True)
class Conflict:
    """One version, two events: the backup's stays, and the archive's is named."""

    order_id: str
    version: int
    kept: str
    archived: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What is to be appended to what the backup has, each order's in the order of its versions.

    ``first`` is appended before sagas begin again, ``later`` after they have come to the point
    where the order's own history decides. ``holes`` are orders with the version that is nowhere:
    what comes after it cannot be appended.
    """

    first: tuple[Envelope, ...]
    later: tuple[Envelope, ...]
    conflicts: tuple[Conflict, ...]
    holes: tuple[tuple[str, int], ...]
    orders: frozenset[str] = field(default=frozenset())
    """Of which anything is appended."""


def merged(stored: Mapping[str, History], archived: Iterable[Envelope]) -> Merged:
    """Compare a backup with the archive, whose events come in any order, and more than once."""
    found: dict[str, dict[int, Envelope]] = defaultdict(dict)
    conflicts = []
    for event in archived:
        if event.version is None:
            continue
        order_id, version = event.aggregate_id, event.version
        known = stored.get(order_id, {}).get(version) or found[order_id].get(version)
        if known is None:
            found[order_id][version] = event
        elif not _same(known, event):
            conflicts.append(Conflict(order_id, version, known.type, event.type))
    first: list[Envelope] = []
    later: list[Envelope] = []
    holes = []
    for order_id, versions in sorted(found.items()):
        following = max(stored.get(order_id, {}), default=0) + 1
        wanted = []
        for version in sorted(versions):
            if version > following:
                holes.append((order_id, following))
                break
            if version == following:
                wanted.append(versions[version])
                following += 1
        settled = any(it.type == UNDONE for it in wanted)
        for event in wanted:
            (first if settled or event.version == 1 else later).append(event)
    return Merged(
        tuple(first),
        tuple(later),
        tuple(conflicts),
        tuple(holes),
        frozenset(it.aggregate_id for it in (*first, *later)),
    )


def _same(one: Envelope, other: Envelope) -> bool:
    """Whether it is one event; its data may be written in another version of a schema."""
    return (one.event_id, one.type, one.occurred_at) == (
        other.event_id,
        other.type,
        other.occurred_at,
    )
