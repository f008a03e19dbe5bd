"""A way out for spans that keeps them, in place of a daemon."""

from __future__ import annotations

from collections.abc import Sequence

from shared.runtime.tracing import writer
from shared.runtime.tracing.otlp import requests, resource
from shared.runtime.tracing.spans import Span
from tools.emulator.trace_receiver.spans import ReceivedSpan, read_request


class KeptSpans:
    """Implements ``writer.SpanWriter``: what is written is read again as the receiver reads it."""

    def __init__(self) -> None:
        self.received: list[ReceivedSpan] = []
        self.written: list[Span] = []

    def write(self, spans: Sequence[Span]) -> int:
        """Keep them; none is lost."""
        self.written += spans
        about = resource(writer.resource(writer.WriterEnvironment(service="under-test")))
        for request in requests(spans, about, 1_000_000):
            self.received += read_request(request)
        return 0

    def named(self, name: str) -> list[ReceivedSpan]:
        """Those of one name, in the order in which they came."""
        return [it for it in self.received if it.name == name]
