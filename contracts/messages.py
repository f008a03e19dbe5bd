"""Which messages each service receives and publishes, and so from which source each one counts.

The schemas' `x-owner` alone says who owns a message. Rules on the bus, the sources that consumers
accept, and the catalogue follow from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from contracts.product import PRODUCT
from contracts.schemas import CURRENT, schemas_in

PARTS = {"carriers": "shipping"}
"""Publishers in a service's stack that are not the service itself."""
COMMAND, REPLY, INTEGRATION_EVENT = "command", "reply", "fact"
EVENTS = ("event", INTEGRATION_EVENT)
ENVELOPE = "Envelope.v1.schema.json"


@dataclass(frozen=True)
class Message:
    """A type of message in all its versions; ``file`` is the newest one's schema."""

    type: str
    kind: str
    owner: str
    file: str


def published() -> list[Message]:
    """Every message that has a schema, once, by name."""
    newest: dict[str, Message] = {}
    for file, schema in schemas_in(CURRENT).items():  # v2 comes after v1
        if file != ENVELOPE:
            speaker = str(schema["x-owner"])
            owner = PARTS.get(speaker, speaker)
            newest[schema["title"]] = Message(schema["title"], schema["x-kind"], owner, file)
    return list(newest.values())


def source_of(service: str) -> str:
    """The source of a service's events in EventBridge."""
    return f"{PRODUCT}.{service}"


def sources_of(type: str) -> tuple[str, ...]:
    """Every source from which a message of that type counts: only its owner's.

    A reply comes from each service that receives commands; the sender of a command knows which of
    them may answer it.

    Raises:
        LookupError: no schema of that name is published on the bus.
    """
    messages = _all()
    speakers = {
        owner
        for owner in {it.owner for it in messages}
        for message in published_by(owner, messages)
        if message.type == type
    }
    if not speakers:
        raise LookupError(f"contracts/events has no event, integration event or reply {type!r}")
    return tuple(sorted(map(source_of, speakers)))


def owner_of(type: str) -> str:
    """The service that owns a message.

    Raises:
        LookupError: it has no schema.
    """
    for message in _all():
        if message.type == type:
            return message.owner
    raise LookupError(f"contracts/events has no {type!r}: its owner is not known")


def integration_events_by_source() -> dict[str, list[str]]:
    """The types of integration events that each source may publish, without orders' events."""
    found: dict[str, list[str]] = {}
    for message in _all():
        if message.kind == INTEGRATION_EVENT:
            found.setdefault(source_of(message.owner), []).append(message.type)
    return dict(sorted(found.items()))


@cache
def _all() -> tuple[Message, ...]:
    return tuple(published())


def commands_of(service: str, messages: Iterable[Message]) -> list[Message]:
    """The commands that a service receives in its queue."""
    return [it for it in messages if it.kind == COMMAND and it.owner == service]


def published_by(service: str, messages: Iterable[Message]) -> list[Message]:
    """What a service publishes for all others; one that receives commands also answers them."""
    messages = list(messages)
    answers = bool(commands_of(service, messages))
    return [
        it
        for it in messages
        if (it.kind in EVENTS and it.owner == service) or (it.kind == REPLY and answers)
    ]


def internal_messages_of(service: str, messages: Iterable[Message]) -> list[Message]:
    """Messages between a service's own parts."""
    public = (COMMAND, REPLY, *EVENTS)
    return [it for it in messages if it.kind not in public and it.owner == service]
