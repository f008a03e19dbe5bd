"""What the gateway logs of a request becomes its span, and that of its call to the service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.runtime.tracing.spans import CLIENT, SERVER, Span
from tools.emulator.partners.gateway_spans import GatewaySpans, spans_of

TRACE, SPAN = "6b09dd10" + "a" * 24, "b" * 16


def line(**other: Any) -> bytes:
    told = {
        "timestamp": "2026-11-27T19:20:12.067Z",
        "message": "call",
        "method": "POST",
        "route": "orders",
        "status": 202,
        "milliseconds": 24,
        "correlation_id": "c-1",
        "traceparent": f"00-{TRACE}-{SPAN}-01",
        "upstream": "127.0.0.1:8080",
        **other,
    }
    return json.dumps(told).encode() + b"\n"


def test_the_call_of_the_service_has_the_context_that_was_sent_there() -> None:
    request, called = spans_of(line())
    assert [(it.name, it.kind) for it in (request, called)] == [
        ("POST orders", SERVER),
        ("POST orders at partners", CLIENT),
    ]
    assert {it.context.trace_id for it in (request, called)} == {TRACE}
    assert (request.parent_id, called.parent_id) == (None, request.context.span_id)
    assert called.context.span_id == SPAN != request.context.span_id
    assert called.started == 1795807212067 * 1_000_000
    assert called.ended - called.started == 24 * 1_000_000
    journeys = {it.attributes["messaging.message.conversation_id"] for it in (request, called)}
    assert journeys == {"c-1"}


def test_who_was_refused_before_a_trace_began_has_none() -> None:
    assert list(spans_of(line(traceparent=None, status=401))) == []


@pytest.mark.parametrize("status", [404, 429])
def test_a_request_that_reached_nobody_made_no_call(status: int) -> None:
    (request,) = spans_of(line(status=status, upstream=None, correlation_id=None, route=None))
    assert (request.kind, request.error) == (SERVER, None)


def test_a_failure_is_one_of_both() -> None:
    assert [it.error for it in spans_of(line(status=503))] == ["503", "503"]


def test_only_what_is_new_and_whole_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, sent = tmp_path / "calls.log", list[Span]()
    log.write_bytes(line())
    spans = GatewaySpans(log, 1)
    monkeypatch.setattr(spans._out, "write", sent.extend)
    spans.again()
    assert sent == [], "that was before"
    with log.open("ab") as more:
        more.write(line(method="PUT") + line(method="GET")[:-20])
    spans.again()
    assert {it.name.split()[0] for it in sent} == {"PUT"}
    with log.open("ab") as more:
        more.write(line(method="GET")[-20:])
    spans.again()
    assert [it.name.split()[0] for it in sent] == ["PUT", "PUT", "GET", "GET"]
