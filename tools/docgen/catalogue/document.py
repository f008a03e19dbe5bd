"""Writes the catalogue as a page of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from contracts import messages
from contracts.messages import Message
from tools.docgen.services import Service

KINDS = {messages.INTEGRATION_EVENT: "integration event"}
"""Kinds whose name in the schemas is not the field's word."""
OPENING = """\
# The services

One section for each service: its owner, its resources, the messages that it receives and
publishes, the services that it needs, its alarms, and its limits of scale. `make catalogue` writes
this page from the templates of `dev` and from the [messages' schemas](../contracts/events); a test
fails when it is stale. Staging and production have the same resources, with other sizes and
retentions.

[operations.md](operations.md) has a section for each alarm, and says what to do.
"""


def document(services: list[Service], operations: str) -> str:
    """The whole page; ``operations`` is the text of docs/operations.md.

    Raises:
        LookupError: operations.md has no section for an alarm.
    """
    services = sorted(services, key=lambda it: it.name)
    published = messages.published()
    headings = re.findall(r"^### (.+)$", operations, re.MULTILINE)
    summary = _table(
        ("service", "owner", "what it does"),
        [(f"[{it.name}](#{it.name})", it.owner, it.purpose) for it in services],
    )
    sections = [_section(it, published, headings) for it in services]
    return "\n".join([OPENING, summary, *sections, _who_receives_what(services, published)])


def section_of(alarm: str, headings: Iterable[str]) -> str:
    """The heading whose words, with gaps for names, are the alarm's.

    Raises:
        LookupError: there is none.
    """
    headings = list(headings)
    if alarm in headings:
        return alarm
    for heading in headings:
        for words in heading.split(", "):
            if re.fullmatch(re.escape(words).replace(r"\.\.\.", ".+"), alarm):
                return heading
    raise LookupError(f"docs/operations.md has no section for {alarm!r}")


def anchor(heading: str) -> str:
    """What a link to a heading ends with."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _section(service: Service, published: list[Message], headings: list[str]) -> str:
    package = service.name.replace("-", "_")
    code = f"[`stacks/{package}.py`](../stacks/{package}.py)"
    if service.functions():
        code += f", [`lambdas/{package}`](../lambdas/{package})"
    rows = {
        "owner": service.owner,
        "code": code,
        "owns": _lines(f"{kind} `{name}`" for kind, name in service.owned()),
        "API": _lines(f"`{route}` → `{function}`" for route, function in service.routes()),
        "receives commands": _links(messages.commands_of(service.name, published)),
        "publishes": _links(messages.published_by(service.name, published)),
        "internal messages": _links(messages.internal_messages_of(service.name, published)),
        "reacts to": _lines(_reactions(service)),
        "reads parameters of": _lines(
            f"[{other}](#{other}): {_names(names)}" for other, names in service.reads().items()
        ),
        "is found by": _names(service.publishes()),
        "alarms": _lines(
            f"[{what}](operations.md#{anchor(section_of(what, headings))}): {_names(names)}"
            for what, names in service.alarms().items()
        ),
        "scales": _lines(service.limits()),
    }
    details = [(f"**{name}**", value) for name, value in rows.items() if value]
    parts = [f"## {service.name}\n", f"{_sentence(service.purpose)}\n", _table(("", ""), details)]
    if functions := service.functions():
        parts.append(_table(("function", "what it does"), _code_first(functions.items())))
    return "\n".join(parts)


def _reactions(service: Service) -> Iterable[str]:
    for name in service.follows_the_log():
        yield f"every event on the log (`{name}`)"
    for _, words in service.heard():
        yield words
    for when, function in service.schedules():
        yield f"a schedule, `{when}` (`{function}`)"


def _who_receives_what(services: list[Service], published: list[Message]) -> str:
    """By name: those who follow the log, and the intake, hear the rest without a rule for it."""
    rows = []
    for message in published:
        receivers = [it.name for it in services for types, _ in it.heard() if message.type in types]
        if message.kind == messages.COMMAND:
            receivers = [message.owner]
        if message.kind in ("request", "answer", "deadline"):
            receivers = [f"{message.owner}, internally"]
        received_by = ", ".join(dict.fromkeys(receivers)) or "only the log"
        kind = KINDS.get(message.kind, message.kind)
        rows.append((_links([message]), kind, message.owner, received_by))
    followers = ", ".join(it.name for it in services if it.follows_the_log())
    watchers = ", ".join(it.name for it in services if any(not types for types, _ in it.heard()))
    return "\n".join(
        [
            "## Who receives what\n",
            "By a rule or a queue of its own. event-log's function Intake puts every integration "
            f"event on the log. Services that follow the log read each of its events: {followers}. "
            "A command's owner takes it from its queue; fulfilment sends all commands. "
            f"{watchers} reads every message on the bus.\n",
            _table(("message", "kind", "owner", "received by"), rows),
        ]
    )


def _links(of: Iterable[Message]) -> str:
    return ", ".join(f"[{it.type}](../contracts/events/{it.file})" for it in of)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _lines(parts: Iterable[str]) -> str:
    return "<br>".join(parts)


def _code_first(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(f"`{name}`", text) for name, text in rows]


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(
        "| " + " | ".join(it.replace("|", "\\|") for it in row) + " |\n" for row in lines
    )
