"""For whom the present request is at work: each is a task, and has a context of its own."""

import contextvars
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from shared.runtime import log
from shared.runtime.tracing import spans
from shared.runtime.tracing.context import TraceContext, child_of


@dataclass(frozen=True, slots=True)
class Journey:
    """A request's place in its trace, and the id that goes with it to the last message."""

    context: TraceContext
    correlation_id: str

    @property
    def ids(self) -> Mapping[str, str]:
        """What each log line has of it."""
        return {"trace_id": self.context.trace_id, "correlation_id": self.correlation_id}


present: contextvars.ContextVar[Journey | None] = contextvars.ContextVar("journey", default=None)
_NONE: Mapping[str, str] = MappingProxyType({})


def _ids() -> Mapping[str, str]:
    journey = present.get()
    return journey.ids if journey else _NONE


log.name_lines(_ids)


def keep_span(
    journey: Journey,
    name: str,
    kind: int,
    *,
    parent_id: str | None,
    attributes: spans.Attributes,
    began: int,
    error: str | None = None,
) -> None:
    """The span that is ``journey``'s place, over by now, if it is sampled. ``began`` is in
    nanoseconds since 1970.
    """
    if not journey.context.sampled:
        return
    span = spans.Span(
        name,
        kind,
        journey.context,
        journey.correlation_id,
        parent_id=parent_id,
        attributes=attributes,
    )
    span.started, span.ended, span.error = began, time.time_ns(), error
    spans.keep(span)


@contextmanager
def calling(name: str, attributes: spans.Attributes) -> Iterator[Mapping[str, str]]:
    """A span of a call to another service; gives the headers that carry the trace there."""
    journey = present.get()
    if journey is None:
        yield _NONE
        return
    call = Journey(child_of(journey.context), journey.correlation_id)
    began, error = time.time_ns(), None
    try:
        yield {"traceparent": call.context.traceparent, "x-correlation-id": call.correlation_id}
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        keep_span(
            call,
            name,
            spans.CLIENT,
            parent_id=journey.context.span_id,
            attributes=attributes,
            began=began,
            error=error,
        )
