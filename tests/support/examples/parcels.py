"""A second event-sourced aggregate: a parcel, its events and what may happen to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from shared.event_sourcing.event_codec import EventCodec
from shared.event_sourcing.recorded import RecordedEvent
from shared.messaging.event_schemas import EventSchemas
from tests.support.examples import recorded as examples
from tests.support.examples.recorded import NINE
from tests.support.fakes.in_memory_event_store import InMemoryEventStore

PARCEL = "5eb1a7e5-0000-4000-8000-000000000001"
SENDER = "3f8b1c52-7a55-4be5-9a5e-0d1b1f3f7c11"


@dataclass(frozen=True, slots=True)
class Sent:
    sender: str
    depot: str


@dataclass(frozen=True, slots=True)
class Scanned:
    """Version 2; version 1 did not say by what."""

    depot: str
    by: str


ParcelEvent: TypeAlias = Sent | Scanned


class AlreadyThere(Exception):
    """It was scanned at this depot before."""


@dataclass(frozen=True, slots=True)
class Parcel:
    id: str
    depots: tuple[str, ...] = ()

    @classmethod
    def replay(cls, parcel_id: str, history: Iterable[ParcelEvent]) -> Parcel:
        return cls(parcel_id, tuple(event.depot for event in history))

    def scan(self, depot: str, by: str = "belt") -> Scanned:
        """Raises AlreadyThere."""
        if self.depots[-1] == depot:
            raise AlreadyThere
        return Scanned(depot, by)


class SentForm(msgspec.Struct, frozen=True):
    sender: str
    depot: str


class ScannedForm(msgspec.Struct, frozen=True):
    depot: str
    by: str


SCHEMAS = EventSchemas(
    "parcel",
    {"Sent": 1, "Scanned": 2},
    {"Sent": SentForm, "Scanned": ScannedForm},
    {("Scanned", 1): lambda data: {**data, "by": "hand"}},
)
TYPES: dict[str, type[ParcelEvent]] = {"Sent": Sent, "Scanned": Scanned}
CODEC = EventCodec(SCHEMAS, TYPES, "parcel_id")
ParcelStore = InMemoryEventStore[ParcelEvent]

SENT = Sent(SENDER, "north")
SCANNED = Scanned("south", "belt")
EVENTS: list[ParcelEvent] = [SENT, SCANNED, Scanned("east", "hand")]


def recorded(
    event: ParcelEvent, version: int, occurred_at: str = NINE, parcel_id: str = PARCEL
) -> RecordedEvent[ParcelEvent]:
    """An event with its place in a parcel's history."""
    return examples.recorded(event, version, parcel_id, occurred_at)
