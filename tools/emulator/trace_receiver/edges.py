"""Which service had to do with which, as spans tell it: the arrows of a service map."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tools.emulator.trace_receiver.spans import ReceivedSpan

OUTSIDE = "callers"
"""Who sends requests to APIs: nobody's span tells more of them."""
LOG = "aws_kinesis"


class Edge(msgspec.Struct, frozen=True, order=True):
    """From a service to another one; ``way`` is call, queue or log, ``name`` what went there."""

    begin: str
    end: str
    way: str
    name: str


class Counted(msgspec.Struct, frozen=True):
    """How often that was, and how often it failed."""

    edge: Edge
    count: int
    failed: int


def counted(spans: Iterable[ReceivedSpan]) -> list[Counted]:
    """Every arrow once, in alphabetical order."""
    spans = list(spans)
    by_id = {(it.trace_id, it.span_id): it for it in spans}
    counts: dict[Edge, list[int]] = {}
    for span in spans:
        edge = _edge(span, by_id.get((span.trace_id, span.parent_id)))
        if edge is not None:
            count = counts.setdefault(edge, [0, 0])
            count[0] += 1
            count[1] += span.failed
    return [Counted(edge, *counts[edge]) for edge in sorted(counts)]


def _edge(span: ReceivedSpan, parent: ReceivedSpan | None) -> Edge | None:
    """The arrow that leads to a span, or that a span is; None where no border is crossed.

    A message leads from the service that made it, whoever has passed it on, to the one that works
    on it. The log is drawn as a service of its own: it keeps what goes through it.
    """
    about = span.attributes
    what = str(about.get("app.message.type") or span.name)
    place = str(about.get("messaging.destination.name", ""))
    on_the_log = about.get("messaging.system") == LOG
    if span.kind == "producer":
        maker = parent.service if parent is not None and span.service == place else span.service
        return Edge(maker, place, "log", what) if on_the_log and maker != place else None
    if span.kind == "consumer" and on_the_log:
        return Edge(place, span.service, "log", what)
    if span.kind == "server" and parent is None:
        return None if span.parent_id else Edge(OUTSIDE, span.service, "call", what)
    if parent is None or parent.service == span.service or span.kind not in ("consumer", "server"):
        return None
    return Edge(parent.service, span.service, "queue" if span.kind == "consumer" else "call", what)
