"""Which messages each service takes and says, from the published schemas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.release import CURRENT, schemas_in

PARTS = {"carriers": "shipping"}
"""Who speaks in a service's stack without being the service itself."""
COMMAND, REPLY = "command", "reply"
FACTS = ("event", "fact")
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
        if (it.kind in FACTS and it.owner == service) or (it.kind == REPLY and answers)
    ]


def kept_inside(service: str, messages: Iterable[Message]) -> list[Message]:
    """What a service's own parts tell each other."""
    public = (COMMAND, REPLY, *FACTS)
    return [it for it in messages if it.kind not in public and it.owner == service]
