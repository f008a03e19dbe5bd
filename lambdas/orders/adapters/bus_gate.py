"""Remembers up to which version an order's events are on the bus."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from shared.messaging.bus import Bus
from shared.messaging.envelope import Envelope
from shared.read_models.parked_records import ParkedRecords
from shared.read_models.projector import Change, Checkpoint
from shared.read_models.versioned_table import Item, VersionedTable

Events = tuple[Envelope, ...]
PLACES = "places"
MOST_PLACES = 8
"""Of the newest versions: an item of less than a kilobyte costs one write, with or without them."""


class _NoState:
    """The gate is all that is kept: what has been published is not published again."""

    def to_item(self, state: Events, generation: str) -> dict[str, Any]:  # noqa: ARG002
        return {}

    def from_item(self, item: dict[str, Any]) -> Events | None:  # noqa: ARG002
        return None


class GateItems(VersionedTable[Events]):
    """The gate's items, for whoever looks at them only.

    An item also says where on the log the order's versions stood: it is written for each of them
    anyway.
    """

    def __init__(self, client: Any, table_name: str, parked: ParkedRecords) -> None:
        super().__init__(client, table_name, "order_id", "bus", _NoState(), parked)

    def _item(self, change: Change[Events]) -> Item:
        known = change.base.places if change.base else {}
        places = sorted({**known, **change.places}.items())[-MOST_PLACES:]
        kept = " ".join(f"{version}:{shard}:{sequence}" for version, (shard, sequence) in places)
        return super()._item(change) | ({PLACES: {"S": kept}} if kept else {})

    def _checkpoint(self, item: Item) -> Checkpoint[Events]:
        kept = item.get(PLACES, {"S": ""})["S"].split()
        parts = [it.split(":") for it in kept]
        places = {int(version): (shard, sequence) for version, shard, sequence in parts}
        return replace(super()._checkpoint(item), places=places)


class BusGate(GateItems):
    """Implements ``projector.Table`` for events that go out instead of being kept."""

    def __init__(self, client: Any, table_name: str, parked: ParkedRecords, bus: Bus) -> None:
        super().__init__(client, table_name, parked)
        self._bus = bus

    def save(self, change: Change[Events]) -> bool:
        """Publish first, then move the gate: a crash in between publishes again, never less."""
        self._bus.put(change.to.state or ())
        return super().save(change)

    def insert(self, changes: Sequence[Change[Events]]) -> set[str]:
        """The same for new orders, all of them together: as many calls as the bus wants entries.

        What the bus refuses is raised, and no gate moves: ``save`` says each order's events again.
        """
        self._bus.put([event for change in changes for event in change.to.state or ()])
        return super().insert(changes)
