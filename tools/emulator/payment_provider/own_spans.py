"""A provider's own spans, as of a company that does tracing: in the trace of whoever asked it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.runtime.tracing.context import begin, child_of, parse
from shared.runtime.tracing.spans import SERVER, Span
from shared.runtime.tracing.xray_daemon import XRayDaemon


class OwnSpans:
    """Sends spans of ``service`` to whoever receives datagrams at ``address``; to nobody if empty.

    Several requests are answered at once, and so nothing is kept between them.
    """

    def __init__(self, address: str = "", service: str = "payment-provider") -> None:
        self._daemon = XRayDaemon(address, {"service.name": service}) if address else None

    @contextmanager
    def answering(self, operation: str, traceparent: str | None) -> Iterator[None]:
        """The span in which one request is answered."""
        asked_in = parse(traceparent)
        context = child_of(asked_in) if asked_in else begin()
        parent_id = asked_in.span_id if asked_in else None
        span = Span(f"{operation} payment", SERVER, context, "", parent_id=parent_id)
        span.started = time.time_ns()
        try:
            yield
        finally:
            span.ended = time.time_ns()
            if self._daemon is not None and context.sampled:
                self._daemon.write([span])
