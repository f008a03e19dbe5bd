"""Spans: what was done, for which trace, from when to when. Those not sampled cost next to nothing.

Names and attributes are those of OpenTelemetry's semantic conventions. Nothing about a person is
among them: ``Attributes`` lists all that there may be, and what else is given is not written.
"""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Self, TypedDict

from shared.runtime.tracing import work
from shared.runtime.tracing.context import TraceContext, begin, child_of, parse

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
"""Kinds of spans, by OTLP's numbers."""
Attributes = TypedDict(
    "Attributes",
    {
        "http.request.method": str,
        "http.route": str,
        "http.response.status_code": int,
        "error.type": str,
        "faas.trigger": str,
        "messaging.system": str,
        "messaging.operation.name": str,
        "messaging.operation.type": str,
        "messaging.destination.name": str,
        "messaging.message.id": str,
        "messaging.message.conversation_id": str,
        "messaging.batch.message_count": int,
        "rpc.method": str,
        "server.address": str,
        # Of no convention: what kind of message it is, and which step of a saga.
        "app.message.type": str,
        "app.saga.step": str,
    },
    total=False,
)
ALLOWED = frozenset(Attributes.__annotations__)
MOST_WAITING = 2000
"""Spans of one invocation that are kept; what comes after them is lost, and counted."""


class Span:
    """One piece of work, as a context manager; code inside of it is at work for its trace.

    An exception that leaves it is its error, by type alone: its words may quote a person.
    """

    __slots__ = (
        *("attributes", "context", "correlation_id", "ended", "error"),
        *("kind", "links", "name", "parent_id", "started", "_before"),
    )

    def __init__(
        self,
        name: str,
        kind: int,
        context: TraceContext,
        correlation_id: str,
        *,
        parent_id: str | None = None,
        links: tuple[TraceContext, ...] = (),
        attributes: Attributes | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.context = context
        self.correlation_id = correlation_id
        self.parent_id = parent_id
        self.links = links
        self.attributes: Attributes = attributes or {}
        self.started = self.ended = 0
        self.error: str | None = None

    def __enter__(self) -> Self:
        self._before = work.enter(work.ForOne(self.correlation_id, self.context))
        if self.context.sampled:
            self.started = time.time_ns()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        work.enter(self._before)
        if self.context.sampled:
            if kind is not None:
                self.error = kind.__name__
            self.ended = time.time_ns()
            keep(self)


def root(name: str, kind: int, correlation_id: str, **more: Any) -> Span:
    """A span with which a trace begins. ``more`` are ``links`` and ``attributes``."""
    return Span(name, kind, begin(), correlation_id, **more)


def inside(parent: TraceContext, name: str, kind: int, correlation_id: str, **more: Any) -> Span:
    """A span within a trace that is under way."""
    return Span(name, kind, child_of(parent), correlation_id, parent_id=parent.span_id, **more)


def after(traceparent: object, name: str, kind: int, correlation_id: str, **more: Any) -> Span:
    """A span within the trace that something said; of a trace of its own if it said none."""
    parent = parse(traceparent)
    if parent is None:
        return root(name, kind, correlation_id, **more)
    return inside(parent, name, kind, correlation_id, **more)


class _Waiting:
    spans: list[Span] = []  # noqa: RUF012 - one list for the process
    lost = 0


def keep(span: Span) -> None:
    """Let a span that has ended go out when the invocation ends."""
    if len(_Waiting.spans) < MOST_WAITING:
        _Waiting.spans.append(span)
    else:
        _Waiting.lost += 1


def take() -> tuple[list[Span], int]:
    """What has been kept, which is then kept no longer, and how many spans were lost."""
    taken = _Waiting.spans, _Waiting.lost
    _Waiting.spans, _Waiting.lost = [], 0
    return taken


def calling(name: str, attributes: Attributes) -> AbstractContextManager[Span | None]:
    """The span of a call to another system, within the present one if there is one."""
    present = work.context()
    if present is None:
        return nullcontext()
    journey = str(work.ids()["correlation_id"])
    return inside(present, name, CLIENT, journey, attributes=attributes)


def headers() -> Mapping[str, str]:
    """What a call to another system carries, so that its spans belong to the present trace."""
    context = work.context()
    return {"traceparent": context.traceparent} if context is not None else {}
