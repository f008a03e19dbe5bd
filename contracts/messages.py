"""Which messages each service takes and says, and so from whom each one counts.

The schemas' `x-owner` is the one place that says whose a message is: rules on the bus, what their
consumers believe and the catalogue follow from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from contracts.product import PRODUCT
from contracts.schemas import CURRENT, schemas_in

PARTS = {"carriers": "shipping"}
"""Who speaks in a service's stack without being the service itself."""
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
    """The source by which EventBridge knows what a service says."""
    return f"{PRODUCT}.{service}"


def sources_of(type: str) -> tuple[str, ...]:
    """Every source from which a message of that type counts: its owner's alone.

    A reply comes from each service that takes commands; which of them may answer a command is its
    sender's to know.

    Raises:
        LookupError: no schema of that name is something that is said on the bus.
    """
    messages = _all()
    speakers = {
        owner
        for owner in {it.owner for it in messages}
        for said in said_by(owner, messages)
        if said.type == type
    }
    if not speakers:
        raise LookupError(f"contracts/events has no event, integration event or reply {type!r}")
    return tuple(sorted(map(source_of, speakers)))


def owner_of(type: str) -> str:
    """Whose a message is.

    Raises:
        LookupError: it has no schema.
    """
    for message in _all():
        if message.type == type:
            return message.owner
    raise LookupError(f"contracts/events has no {type!r}: whose is it?")


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


def taken_by(service: str, messages: Iterable[Message]) -> list[Message]:
    """The commands that a service takes from its queue."""
    return [it for it in messages if it.kind == COMMAND and it.owner == service]


def said_by(service: str, messages: Iterable[Message]) -> list[Message]:
    """What a service says to everybody; who takes commands also answers them."""
    messages = list(messages)
    answers = bool(taken_by(service, messages))
    return [
        it
        for it in messages
        if (it.kind in EVENTS and it.owner == service) or (it.kind == REPLY and answers)
    ]


def kept_inside(service: str, messages: Iterable[Message]) -> list[Message]:
    """What a service's own parts tell each other."""
    public = (COMMAND, REPLY, *EVENTS)
    return [it for it in messages if it.kind not in public and it.owner == service]
