"""What the gateway has done, as spans: read from its log of calls.

Envoy would send spans itself, and begin traces with ids of its own: ours tell when a trace began.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.runtime.tracing.context import TraceContext, new_span_id, parse
from shared.runtime.tracing.otlp_http import OtlpHttp
from shared.runtime.tracing.spans import CLIENT, SERVER, Span
from tools.emulator.loopback_guard import HOST

MOST_BYTES = 4 * 1024 * 1024
"""Of the log, at one look."""
_MS = 1_000_000


class GatewaySpans:
    """``GatewaySpans(log, port).again()`` sends what the log has told since the last time.

    ``port`` is where the receiver of spans takes them.
    """

    def __init__(self, log: Path, port: int) -> None:
        self._log = log
        self._known = log.stat().st_size if log.exists() else 0
        self._out = OtlpHttp(f"http://{HOST}:{port}/v1/traces", {"service.name": "gateway"}, "")

    def again(self) -> None:
        """Whole lines only; what the receiver does not take is lost."""
        with suppress(FileNotFoundError), self._log.open("rb") as log:
            log.seek(self._known)
            content = log.read(MOST_BYTES)
            whole = content[: content.rfind(b"\n") + 1]
            self._known += len(whole)
            if found := [span for line in whole.splitlines() for span in spans_of(line)]:
                self._out.write(found)


def spans_of(line: bytes) -> Iterator[Span]:
    """Of one request: its own, and that of the call to the service, whose context was sent there.

    None of a request that was refused before it had a trace.
    """
    told = json.loads(line)
    called = parse(told["traceparent"])
    if called is None:
        return
    own = TraceContext(called.trace_id, new_span_id(), called.sampled)
    name = f"{told['method']} {told['route'] or 'nowhere'}"
    yield _span(told, own, name, SERVER, None)
    if told["upstream"]:
        yield _span(told, called, f"{name} at partners", CLIENT, own.span_id)


def _span(
    told: Mapping[str, Any], context: TraceContext, name: str, kind: int, parent: str | None
) -> Span:
    status, journey = int(told["status"]), str(told["correlation_id"] or "")
    span = Span(
        name,
        kind,
        context,
        journey,
        parent_id=parent,
        attributes={
            "http.request.method": told["method"],
            "http.response.status_code": status,
            # By it the trace is found, should an order's own not be this one.
            "messaging.message.conversation_id": journey,
        },
    )
    began = round(datetime.fromisoformat(told["timestamp"]).timestamp() * 1000)
    span.started, span.ended = began * _MS, (began + int(told["milliseconds"])) * _MS
    span.error = str(status) if status >= 500 else None
    return span
