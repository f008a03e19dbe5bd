"""Writes docs/architecture.md: the C4 diagrams, from the templates of dev."""

from __future__ import annotations

from collections.abc import Iterable

from tools.base.workspace import CHECKOUT
from tools.docgen.architecture import diagrams
from tools.docgen.services import Service

PAGE = CHECKOUT / "docs" / "architecture.md"
OPENING = """\
# Architecture in diagrams

`make catalogue` draws these diagrams from the templates of `dev` and from the
[messages' schemas](../contracts/events); a test fails when the page is stale. They follow the
[C4 model](https://c4model.com): first the system and its surroundings, then the services, then each
service. The [glossary](glossary.md) explains the words. The [catalogue](catalogue.md) lists every
message, function and alarm.

## Context

Who and what the system works with. The names in italics are the services that do so.
"""
LOG = """\
## Containers: the log and the archive

The events of all services are on the log, and in the archive for ever. An arrow follows the events;
its label is the function that writes or reads them.
"""
BUS = """\
## Containers: the bus

A service says on the bus what has happened. A service that wants to know has a rule on the bus,
which puts these messages into a queue of that service. The intake of event-log puts what the others
say on the log.
"""
COMMANDS = """\
## Containers: commands

A command waits in its owner's queue. Its owner answers it on the bus, with `CommandReplied`.
"""
CALLS = """\
## Containers: calls

A service that needs an answer now invokes a function of another service. An arrow goes from the
caller to the service that answers; its label is the function.
"""
INSIDE = """\
## Each service

What starts each function, and what its role allows it to read and write. A solid arrow to a table
means that the function writes, and may read; a dashed arrow from a table means that it only reads.
Dead letters, secrets, keys, configuration and alarms are left out.
"""


def page(services: Iterable[Service]) -> str:
    """What docs/architecture.md should hold; the order of the services does not matter."""
    services = sorted(services, key=lambda it: it.name)
    parts = [
        OPENING,
        _block(diagrams.context(services)),
        LOG,
        _block(diagrams.log(services)),
        BUS,
        _block(diagrams.bus(services)),
        COMMANDS,
        _block(diagrams.commands(services)),
        CALLS,
        _block(diagrams.calls(services)),
        INSIDE,
    ]
    for service in services:
        if "-->" in (drawn := diagrams.inside(service)):
            parts += [
                f"### {service.name}\n",
                f"{service.purpose[0].upper()}{service.purpose[1:]}: "
                f"[in the catalogue](catalogue.md#{service.name}).\n",
                _block(drawn),
            ]
    return "\n".join(parts)


def write(services: Iterable[Service]) -> None:
    """Write the page."""
    PAGE.write_text(page(services), "utf-8")


def _block(diagram: str) -> str:
    return f"```mermaid\n{diagram}\n```\n"
