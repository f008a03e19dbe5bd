"""The spans that were received last: as many as fit, the oldest traces go first."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from tools.emulator.trace_receiver.spans import ReceivedSpan

JOURNEY = "messaging.message.conversation_id"
MOST_SPANS = 20_000
"""About 30 MB."""


class SpanStore:
    """Spans by trace, for several threads; ``most`` of them at a time."""

    def __init__(self, most: int = MOST_SPANS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._traces: dict[str, dict[str, ReceivedSpan]] = {}
        self._linking: dict[str, set[str]] = {}
        self.received = self.unreadable = self.forgotten = 0
        self._kept = 0

    def add(self, spans: Iterable[ReceivedSpan]) -> None:
        """Keep these; one that comes twice is kept once."""
        with self._lock:
            for span in spans:
                self.received += 1
                # A trace that goes on is as young as its last span.
                of_trace = self._traces.pop(span.trace_id, {})
                self._traces[span.trace_id] = of_trace
                self._kept += span.span_id not in of_trace
                of_trace[span.span_id] = span
                for link in span.links:
                    if link.trace_id != span.trace_id:
                        self._linking.setdefault(link.trace_id, set()).add(span.trace_id)
            while self._kept > self._most:
                self._forget(next(iter(self._traces)))

    def count_unreadable(self) -> None:
        """One more thing that was sent and is no span."""
        with self._lock:
            self.unreadable += 1

    def of(self, trace_ids: Sequence[str]) -> list[ReceivedSpan]:
        """All spans of these traces and of those that link to them, by their time of beginning."""
        with self._lock:
            wanted = dict.fromkeys(trace_ids)
            for trace_id in trace_ids:
                wanted |= dict.fromkeys(self._linking.get(trace_id, ()))
            found = [it for one in wanted for it in self._traces.get(one, {}).values()]
        return sorted(found, key=lambda it: (it.started, it.ended))

    def of_journey(self, correlation_id: str) -> list[ReceivedSpan]:
        """All spans of a journey, in whichever trace: those too that lost their way."""
        with self._lock:
            found = [
                it
                for of_trace in self._traces.values()
                for it in of_trace.values()
                if it.attributes.get(JOURNEY) == correlation_id
            ]
        return sorted(found, key=lambda it: (it.started, it.ended))

    def all(self) -> list[ReceivedSpan]:
        """Everything that is kept."""
        with self._lock:
            return [it for of_trace in self._traces.values() for it in of_trace.values()]

    def counts(self) -> dict[str, int]:
        """``{traces, spans, received, unreadable, forgotten}``."""
        with self._lock:
            return {
                "traces": len(self._traces),
                "spans": self._kept,
                "received": self.received,
                "unreadable": self.unreadable,
                "forgotten": self.forgotten,
            }

    def _forget(self, trace_id: str) -> None:
        spans = self._traces.pop(trace_id)
        self._kept -= len(spans)
        self.forgotten += len(spans)
        for span in spans.values():
            for link in span.links:
                if linking := self._linking.get(link.trace_id):
                    linking.discard(trace_id)
                    if not linking:
                        del self._linking[link.trace_id]
