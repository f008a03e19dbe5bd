"""Whom the code is at work for: each log line says so, and calls to other systems carry it on.

A process of Lambda has one invocation at a time, so there is one answer, for all of its threads.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from shared.runtime import log
from shared.runtime.tracing.context import TraceContext, begin

MOST_JOURNEYS = 10
"""Named in one log line of a batch."""


if TYPE_CHECKING:  # a cold start pays a tenth of a millisecond for each protocol
    from typing import Protocol

    class Journey(Protocol):
        """What a message says of the journey that it belongs to."""

        @property
        def correlation_id(self) -> str:
            """The same from the first request to the last message."""

        @property
        def traceparent(self) -> str:
            """W3C Trace Context."""


class ForOne:
    """Work for one request or message."""

    __slots__ = ("_context", "_correlation_id")

    def __init__(self, correlation_id: str, context: TraceContext) -> None:
        self._correlation_id = correlation_id
        self._context = context

    def ids(self) -> Mapping[str, Any]:
        """Trace and correlation id."""
        return {"trace_id": self._context.trace_id, "correlation_id": self._correlation_id}

    def context(self) -> TraceContext | None:
        """Of its span."""
        return self._context


class ForNobodyYet:
    """Work that no message has asked for: ids of its own, made when somebody wants to know."""

    __slots__ = ("_work",)

    def __init__(self) -> None:
        self._work: ForOne | None = None

    def ids(self) -> Mapping[str, Any]:
        """The same in each line of the invocation."""
        return self._own().ids()

    def context(self) -> TraceContext | None:
        """There is no span in which it is done."""
        return None

    def _own(self) -> ForOne:
        if self._work is None:
            self._work = ForOne(str(uuid.uuid4()), begin())
        return self._work


class ForMany:
    """Work for a batch: its lines name the journeys, MOST_JOURNEYS of them at most."""

    __slots__ = ("journeys",)

    def __init__(self, journeys: "Sequence[Journey]") -> None:
        self.journeys = journeys

    def ids(self) -> Mapping[str, Any]:
        """As of one, if there is one alone; else lists, and how many there are."""
        by_journey = {it.correlation_id: it.traceparent[3:35] for it in self.journeys}
        if not by_journey:
            return {}
        if len(by_journey) == 1:
            ((correlation_id, trace_id),) = by_journey.items()
            return {"trace_id": trace_id, "correlation_id": correlation_id}
        return {
            "trace_ids": _some(by_journey.values()),
            "correlation_ids": _some(by_journey),
            "journeys": len(by_journey),
        }

    def context(self) -> TraceContext | None:
        """There is no single one."""
        return None


def _some(ids: Iterable[str]) -> list[str]:
    return list(islice(ids, MOST_JOURNEYS))


Work = ForOne | ForNobodyYet | ForMany
"""Something that is being done: what log lines say of it, and in which context, if in one."""


class _Present:
    work: Work | None = None


def ids() -> Mapping[str, Any]:
    """Of the present work; empty outside of any invocation."""
    return _Present.work.ids() if _Present.work is not None else {}


def context() -> TraceContext | None:
    """Of the present work, if it is for one."""
    return _Present.work.context() if _Present.work is not None else None


def enter(work: Work | None) -> Work | None:
    """Begin some work; answers with what was under way, which is to be entered again afterwards."""
    before, _Present.work = _Present.work, work
    return before


log.name_lines(ids)
