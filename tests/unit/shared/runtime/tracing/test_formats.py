"""What is written by hand is what OpenTelemetry's own classes read, in pieces that fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shared.runtime.tracing.context import TraceContext
from shared.runtime.tracing.otlp import LONGEST_TEXT, MOST_LINKS, Value, requests, resource
from shared.runtime.tracing.spans import CONSUMER, Span
from shared.runtime.tracing.xray_daemon import XRayDaemon
from tools.emulator.trace_receiver.spans import read_datagram

HERE = TraceContext("6b088f4663ab94975f4c1566d472358e", "00f067aa0ba902b7", True)
ELSEWHERE = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "a3ce929d0e0e4736", True)
RESOURCE: dict[str, Value] = {"service.name": "orders", "cloud.region": "eu-central-1"}
LARGEST_DATAGRAM = 65_507
"""Bytes of UDP over IPv4."""


def span(name: str = "process OrderPlaced", number: int = 0) -> Span:
    made = Span(
        name,
        CONSUMER,
        TraceContext(HERE.trace_id, f"{number + 1:016x}", True),
        "journey",
        parent_id=HERE.span_id,
        links=(ELSEWHERE,),
        attributes={"messaging.system": "aws_sqs", "http.response.status_code": 202},
    )
    made.started, made.ended = 1_796_115_600_250_000_001, 1_796_115_600_260_000_000
    return made


def read(request: bytes) -> ExportTraceServiceRequest:
    parsed = ExportTraceServiceRequest()
    parsed.ParseFromString(request)
    return parsed


def test_every_field_is_read_as_it_was_meant() -> None:
    failed = span()
    failed.error = "TimeoutError"
    (request,) = requests([failed], resource(RESOURCE), 45_000)
    (of_resource,) = read(request).resource_spans
    attributes = {it.key: it.value.string_value for it in of_resource.resource.attributes}
    assert attributes == RESOURCE
    (found,) = of_resource.scope_spans[0].spans
    assert found.trace_id.hex() == HERE.trace_id
    assert found.span_id.hex() == f"{1:016x}"
    assert found.parent_span_id.hex() == HERE.span_id
    assert (found.name, found.kind) == ("process OrderPlaced", 5)
    assert (found.start_time_unix_nano, found.end_time_unix_nano) == (failed.started, failed.ended)
    assert (found.status.code, found.status.message, found.flags) == (2, "", 1)
    assert [(it.trace_id.hex(), it.span_id.hex()) for it in found.links] == [
        (ELSEWHERE.trace_id, ELSEWHERE.span_id)
    ]
    values = {it.key: it.value for it in found.attributes}
    assert values["messaging.system"].string_value == "aws_sqs"
    assert values["http.response.status_code"].int_value == 202
    assert values["error.type"].string_value == "TimeoutError"
    assert len(read(request).SerializeToString()) == len(request)  # nothing else is in it


@given(st.text(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.floats(allow_nan=False))
def test_any_value_comes_through_and_none_is_longer_than_allowed(
    text: str, number: int, flag: bool, fraction: float
) -> None:
    values: dict[str, Value] = {"a": text, "b": number, "c": flag, "d": fraction}
    (request,) = requests([span(text)], resource(values), 45_000)
    (of_resource,) = read(request).resource_spans
    read_values = {it.key: it.value for it in of_resource.resource.attributes}
    assert read_values["a"].string_value == text[:LONGEST_TEXT].encode("utf-8", "replace").decode()
    assert (read_values["b"].int_value, read_values["c"].bool_value) == (number, flag)
    assert read_values["d"].double_value == fraction


def test_links_have_a_limit() -> None:
    many = span()
    many.links = (ELSEWHERE,) * (MOST_LINKS + 10)
    (request,) = requests([many], resource(RESOURCE), 45_000)
    assert len(read(request).resource_spans[0].scope_spans[0].spans[0].links) == MOST_LINKS


@pytest.mark.parametrize("count", [1, 2, 100, 1000])
def test_a_batch_over_64_kb_goes_in_datagrams_that_fit_and_none_is_lost(count: int) -> None:
    sent: list[bytes] = []

    class Socket:
        def send(self, datagram: bytes) -> None:
            sent.append(datagram)

    daemon = XRayDaemon("127.0.0.1:2000", RESOURCE)
    daemon._socket = Socket()  # type: ignore[assignment]
    many = [span("n" * 300, number) for number in range(count)]
    assert daemon.write(many) == 0
    assert max(map(len, sent)) < LARGEST_DATAGRAM
    assert len(sent) == 1 or count > 100
    found = [it.span_id for datagram in sent for it in read_datagram(datagram)]
    assert found == [it.context.span_id for it in many]


def test_a_span_that_fits_in_no_datagram_stops_no_other() -> None:
    huge = span()
    huge.links = (ELSEWHERE,) * MOST_LINKS
    (request,) = requests([huge, span(number=7)], b"", 700)
    assert [it.span_id.hex() for it in read(request).resource_spans[0].scope_spans[0].spans] == [
        f"{8:016x}"
    ]
