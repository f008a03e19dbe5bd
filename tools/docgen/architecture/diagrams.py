"""Draws the C4 diagrams as Mermaid: the system's surroundings, its services, and each service."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contracts import messages
from contracts.product import PRODUCT_TITLE
from tools.docgen.architecture.grants import Access, Thing, accesses, things_in
from tools.docgen.architecture.mermaid import Drawing
from tools.docgen.services import KINDS, Service, plain

LOG, BUS, ARCHIVE = (
    Thing("event-log", "EventStream"),
    Thing("event-log", "Bus"),
    Thing("event-log", "Archive"),
)
SHARED = {
    LOG: ("{{", "event log<br>Kinesis", "}}"),
    BUS: ("{{", "bus<br>EventBridge", "}}"),
    ARCHIVE: ("[(", "archive<br>S3", ")]"),
}
"""What belongs to one service and is used by all, with the form that it is drawn in."""
PUBLISHED_AS = {"event-stream-arn": LOG, "bus-arn": BUS, "archive-bucket-arn": ARCHIVE}
"""The parameters by which other services find what is shared."""
SHAPES = {
    "table": ("[(", ")]"),
    "bucket": ("[(", ")]"),
    "queue": ("[/", "/]"),
    "topic": ("[/", "/]"),
    "state machine": ("[[", "]]"),
}
LINE = 22
"""Mermaid breaks longer lines where it likes."""
UNBROKEN = "\N{NO-BREAK SPACE}"
EVERYTHING = ["everything"]
"""What a rule lets through that names no type."""
MOST_NAMES = 4
"""Labels name so many messages at most; the catalogue names all."""


@dataclass(frozen=True)
class Outside:
    """Somebody or something that the system works with.

    Attributes:
        meets: tells from a service's template whether the two work together there.
        speaks_first: whether the arrow comes from outside.
    """

    name: str
    what: str
    flow: str
    meets: Callable[[Service], bool]
    speaks_first: bool = True


def _has(type: str, wanted: str = "") -> Callable[[Service], bool]:
    return lambda service: any(
        it["Type"] == type and wanted in str(it.get("Properties", {}))
        for it in service.template["Resources"].values()
    )


OUTSIDE = (
    Outside(
        "Customer",
        "uses the shop",
        "orders and addresses:<br>HTTPS with a token",
        _has("AWS::ApiGateway::Authorizer"),
    ),
    Outside(
        "Carrier",
        "brings parcels",
        "tracking reports:<br>HTTPS with an API key",
        _has("AWS::ApiGateway::Method", "'ApiKeyRequired': True"),
    ),
    Outside(
        "Operator",
        "keeps the system working",
        "redrive, rebuild, resume:<br>invokes functions",
        _has("AWS::Lambda::Function", "perator"),
    ),
    Outside(
        "Payment providers",
        "one, and one for failover",
        "payments and refunds:<br>HTTPS with a rotated key",
        _has("AWS::Lambda::Function", "PROVIDER_URL"),
        speaks_first=False,
    ),
    Outside(
        "Mail",
        "SES; in dev, a table that can be read",
        "news about an order",
        _has("AWS::Lambda::Function", "'MAIL'"),
        speaks_first=False,
    ),
    Outside(
        "Topic of alarms",
        "operators subscribe to it",
        "alarms",
        _has("AWS::CloudWatch::Alarm"),
        speaks_first=False,
    ),
)


def context(services: Iterable[Service]) -> str:
    """The system as one box, and who and what it works with."""
    services = list(services)
    drawing = Drawing("LR")
    drawing.node(
        "system", "[", f"<b>{PRODUCT_TITLE}</b><br>takes orders and fulfils them", "]", "system"
    )
    for outside in OUTSIDE:
        where = [it.name for it in services if outside.meets(it)]
        if not where:
            continue
        form = ("([", "])") if outside.speaks_first else ("[", "]")
        text = f"<b>{outside.name}</b><br>{outside.what}"
        drawing.node(outside.name, form[0], text, form[1], "outside")
        by = f"<br><i>{', '.join(sorted(where))}</i>" if len(where) < len(services) // 2 else ""
        ends = (outside.name, "system") if outside.speaks_first else ("system", outside.name)
        drawing.arrow(*ends, f"{outside.flow}{by}")
    return drawing.text()


def log(services: Iterable[Service]) -> str:
    """Who writes to the log and the archive, and who reads them: each arrow names the function."""
    services = list(services)
    arrows = [arrow for service in services for arrow in _at_the_log(service)]
    drawing = Drawing("LR")
    for begin, end, label in sorted(arrows, key=_writers_left):
        _node(drawing, begin, services)
        _node(drawing, end, services)
        drawing.arrow(_id(begin), _id(end), label)
    return drawing.text()


def _writers_left(arrow: tuple[Thing, Thing, str]) -> tuple[bool, bool]:
    """Mermaid places first what is named first: writers to the log, readers, and the archive."""
    begin, end, _ = arrow
    return ARCHIVE in (begin, end), end != LOG


def _at_the_log(service: Service) -> Iterator[tuple[Thing, Thing, str]]:
    itself = Thing(service.name, "")
    for access in _without_repeats(service):
        if access.thing in (LOG, ARCHIVE):
            ends = (itself, access.thing) if access.writes else (access.thing, itself)
            yield *ends, access.actor
    for function in sorted(service.follows_the_log()):
        yield LOG, itself, function
    if _has("AWS::KinesisFirehose::DeliveryStream")(service):
        yield LOG, ARCHIVE, "Firehose"


def bus(services: Iterable[Service]) -> str:
    """Who says which messages on the bus, and who has a rule that lets them through."""
    services = list(services)
    published = messages.published()
    known = {it.type for it in published}
    drawing = Drawing("LR")
    for service in services:
        itself = Thing(service.name, "")
        if any(it.thing == BUS for it in _without_repeats(service)):
            said = [it.type for it in messages.published_by(service.name, published)]
            _node(drawing, itself, services)
            _node(drawing, BUS, services)
            drawing.arrow(_id(itself), _id(BUS), _named(said))
        heard = {it for types, _ in service.heard() for it in types if isinstance(it, str)}
        hears_all = any(not types for types, _ in service.heard())
        if told := EVERYTHING if hears_all else sorted(heard & known):
            _node(drawing, BUS, services)
            _node(drawing, itself, services)
            drawing.arrow(_id(BUS), _id(itself), _named(told))
    return drawing.text()


def commands(services: Iterable[Service]) -> str:
    """Who sends commands to whose queue, and who answers."""
    services = list(services)
    published = messages.published()
    drawing = Drawing("LR")
    for service in services:
        for access in _without_repeats(service):
            owner = access.thing.service
            if owner != service.name and access.action == "sqs:SendMessage":
                for name in (service.name, owner):
                    _node(drawing, Thing(name, ""), services)
                types = [it.type for it in messages.commands_of(owner, published)]
                drawing.arrow(service.name, owner, "<br>".join(types))
    return drawing.text()


def calls(services: Iterable[Service]) -> str:
    """Whose functions a service invokes."""
    services = list(services)
    drawing = Drawing("LR")
    for service in services:
        for access in _without_repeats(service):
            thing = access.thing
            if thing.service != service.name and access.action == "lambda:InvokeFunction":
                for name in (service.name, thing.service):
                    _node(drawing, Thing(name, ""), services)
                drawing.arrow(service.name, thing.service, _found_by(thing))
    return drawing.text()


def inside(service: Service) -> str:
    """One service: what starts each function, and what it reads and writes."""
    drawing = Drawing("LR")
    kinds = {Thing(service.name, name): kind for kind, name in _kept(service)}
    for function in sorted(service.functions()):
        drawing.node(function, "[", function, "]", "function")
    for route, function in service.routes():
        drawing.node("API", "([", "API Gateway", "])", "outside")
        drawing.arrow("API", function, route.partition(" ")[0] + " " + route.partition("/v1")[2])
    for when, function in sorted(service.schedules()):
        drawing.node("clock", "([", "clock", "])", "outside")
        drawing.arrow("clock", function, when)
    for source, queue, label in [*_rules(service), *_subscriptions(service)]:
        _part(drawing, source, kinds)
        _part(drawing, queue, kinds)
        drawing.arrow(_id(source), _id(queue), label)
    for source, function in _sources(service):
        _part(drawing, source, kinds)
        drawing.arrow(_id(source), function, "stream" if kinds.get(source) == "table" else "")
    own = set(service.functions())
    uses: dict[tuple[str, Thing], bool] = {}
    for access in _without_repeats(service):
        key = (access.actor, access.thing)
        uses[key] = uses.get(key, False) or access.writes
    for (actor, thing), writes in sorted(uses.items()):
        for it in (Thing(service.name, actor), thing):
            if it.name not in own:
                _part(drawing, it, kinds)
        ends = (
            actor if actor in own else _id(Thing(service.name, actor)),
            thing.name if thing.name in own else _id(thing),
        )
        begin, end = ends if writes else ends[::-1]
        drawing.arrow(begin, end, "", dashed=not writes)
    return drawing.text()


def _kept(service: Service) -> list[tuple[str, str]]:
    """Kind and name of what holds data or work, by the name that references have."""
    return [
        (KINDS[it["Type"]], plain(id))
        for id, it in service.template["Resources"].items()
        if it["Type"] in KINDS
    ]


def _rules(service: Service) -> Iterable[tuple[Thing, Thing, str]]:
    """Where messages come from, the queue that a rule puts them in, and what they are."""
    found: dict[tuple[Thing, Thing], set[str]] = {}
    for it in _properties(service, "AWS::Events::Rule"):
        if pattern := it.get("EventPattern"):
            own_bus = "EventBusName" not in it
            sources = list(things_in(service, pattern)) if own_bus else [BUS]
            said = pattern.get("detail-type", EVERYTHING)
            if own_bus:  # what AWS says: of a call its name, of anything else its status
                said = pattern["detail"].get("eventName") or pattern["detail"]["status"]
            for target in it["Targets"]:
                for queue in things_in(service, target["Arn"]):
                    for source in sources:
                        found.setdefault((source, queue), set()).update(said)
    return [(*ends, _named(sorted(types))) for ends, types in sorted(found.items())]


def _subscriptions(service: Service) -> Iterable[tuple[Thing, Thing, str]]:
    """The queues that a topic's messages go to."""
    return sorted(
        (topic, queue, "")
        for it in _properties(service, "AWS::SNS::Subscription")
        for topic in things_in(service, it["TopicArn"])
        for queue in things_in(service, it["Endpoint"])
    )


def _properties(service: Service, type: str) -> Iterable[Mapping[str, Any]]:
    return [it["Properties"] for it in service.template["Resources"].values() if it["Type"] == type]


def _sources(service: Service) -> list[tuple[Thing, str]]:
    found = set()
    for it in _properties(service, "AWS::Lambda::EventSourceMapping"):
        for function in things_in(service, it["FunctionName"]):
            for source in things_in(service, it["EventSourceArn"]):
                found.add((_shared(_stream(service, source)), function.name))
    return sorted(found)


def _stream(service: Service, source: Thing) -> Thing:
    """The stream itself, where a consumer with a fan-out of its own stands between."""
    for id, it in service.template["Resources"].items():
        if it["Type"] == "AWS::Kinesis::StreamConsumer" and plain(id) == source.name:
            [source] = things_in(service, it["Properties"]["StreamARN"])
    return source


def _without_repeats(service: Service) -> list[Access]:
    """Accesses but for those that every consumer of a queue has: retries and dead letters."""
    consumed = {(function, source) for source, function in _sources(service)}
    return sorted(
        {
            replace(it, thing=_shared(it.thing))
            for it in accesses(service)
            if not it.thing.name.endswith(("DeadLetters", "FailedRuns"))
            and (it.actor, it.thing) not in consumed
        }
    )


def _node(drawing: Drawing, thing: Thing, services: Iterable[Service]) -> None:
    if thing in SHARED:
        left, text, right = SHARED[thing]
        drawing.node(_id(thing), left, f"<b>{text}", right, "shared")
        return
    for service in services:
        if service.name == thing.name or service.name == thing.service:
            drawing.node(
                _id(thing), "[", f"<b>{service.name}</b><br>{_size(service)}", "]", "service"
            )


def _part(drawing: Drawing, thing: Thing, kinds: dict[Thing, str]) -> None:
    thing = _shared(thing)
    if thing in SHARED:
        _node(drawing, thing, [])
    elif thing in kinds:
        left, right = SHAPES.get(kinds[thing], ("[", "]"))
        drawing.node(
            _id(thing), left, thing.name.removesuffix("Queue") or thing.name, right, "store"
        )
    else:
        text = f"<b>{thing.service}</b><br>{_found_by(thing)}"
        drawing.node(_id(thing), "[", text, "]", "service")


def _found_by(thing: Thing) -> str:
    """What another service's thing is, from the parameter by which it is found."""
    return thing.name.removesuffix("-arn").replace("-", " ")


def _size(service: Service) -> str:
    """What the service is made of, in numbers."""
    counted = Counter(kind for kind, name in service.owned() if name != "FailedRuns")
    if functions := len(service.functions()):
        counted["function"] = functions
    parts = ["API"] if service.routes() else []
    for kind in ("function", "table", "queue", "topic", "state machine"):
        if number := counted[kind]:
            parts.append(f"{number} {kind}{'s' if number > 1 else ''}".replace(" ", UNBROKEN))
    lines = textwrap.wrap(", ".join(parts), LINE, break_on_hyphens=False)
    return "<br>".join(lines).replace(UNBROKEN, " ")


def _shared(thing: Thing) -> Thing:
    return PUBLISHED_AS.get(thing.name, thing) if thing.service == "event-log" else thing


def _id(thing: Thing) -> str:
    thing = _shared(thing)
    return f"{thing.service}.{thing.name}" if thing.name else thing.service


def _named(types: list[str]) -> str:
    if len(types) > MOST_NAMES:
        return "<br>".join([*types[: MOST_NAMES - 1], f"and {len(types) - MOST_NAMES + 1} more"])
    return "<br>".join(types)
