"""Invocations of Lambda handlers: their log lines have ids, and their spans go out at their end."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from shared.runtime.tracing import spans, work

EventT = TypeVar("EventT")
AnswerT = TypeVar("AnswerT")


def flush() -> None:
    """Send what has been kept; that this fails is no concern of whoever is at work."""
    kept, lost = spans.take()
    if not kept:
        return
    # Here, since a cold start whose trace is not sampled has no need of it.
    from shared.runtime.tracing import writer

    writer.write(kept, lost)


def invocation(
    handler: Callable[[EventT, Any], AnswerT],
) -> Callable[[EventT, Any], AnswerT]:
    """Make a Lambda handler's log lines carry ids, and send its spans when it has ended."""

    @wraps(handler)
    def traced(event: EventT, context: Any) -> AnswerT:
        before = work.enter(work.ForNobodyYet())
        try:
            return handler(event, context)
        finally:
            work.enter(before)
            flush()

    traced.is_traced = True  # type: ignore[attr-defined]
    return traced
