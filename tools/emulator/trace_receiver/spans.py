"""Spans as the receiver keeps and answers them, read from what functions send."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import msgspec

PROTOCOL = b'{"format":"json","version":1}'
_SAMPLED = b"T1S"
KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
Attribute = str | int | float | bool


class Unreadable(ValueError):
    """It is no datagram of spans, or no OTLP request."""


class Link(msgspec.Struct, frozen=True):
    """Another span that this one has to do with."""

    trace_id: str
    span_id: str


class ReceivedSpan(msgspec.Struct, frozen=True):
    """One span; times are nanoseconds since 1970, ids lower-case hexadecimal.

    ``parent_id`` is empty for a root; ``kind`` is one of KINDS.
    """

    trace_id: str
    span_id: str
    parent_id: str
    service: str
    name: str
    kind: str
    started: int
    ended: int
    failed: bool
    attributes: dict[str, Attribute]
    links: list[Link]


def read_datagram(datagram: bytes) -> list[ReceivedSpan]:
    """The spans in what was sent to the X-Ray daemon.

    Raises:
        Unreadable: it is anything else.
    """
    header, _, rest = datagram.partition(b"\n")
    # Once and at the beginning alone: base64 may contain the same letters.
    if header != PROTOCOL or not rest.startswith(_SAMPLED):
        raise Unreadable("not a datagram of spans")
    try:
        content = b64decode(rest[len(_SAMPLED) :], validate=True)
    except ValueError as broken:
        raise Unreadable("not base64") from broken
    return read_request(content)


def read_request(content: bytes) -> list[ReceivedSpan]:
    """The spans in an OTLP ``ExportTraceServiceRequest``. Raises Unreadable."""
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(content)
    except DecodeError as broken:
        raise Unreadable("not an OTLP request") from broken
    found = list(_spans(request))
    if not found:
        raise Unreadable("an OTLP request without a span")
    return found


def _spans(request: Any) -> Iterator[ReceivedSpan]:
    for of_resource in request.resource_spans:
        service = _attributes(of_resource.resource.attributes).get("service.name", "")
        for of_scope in of_resource.scope_spans:
            for it in of_scope.spans:
                yield ReceivedSpan(
                    trace_id=it.trace_id.hex(),
                    span_id=it.span_id.hex(),
                    parent_id=it.parent_span_id.hex(),
                    service=str(service),
                    name=it.name,
                    kind=KINDS[it.kind] if it.kind < len(KINDS) else KINDS[0],
                    started=it.start_time_unix_nano,
                    ended=it.end_time_unix_nano,
                    failed=it.status.code == 2,
                    attributes=_attributes(it.attributes),
                    links=[Link(to.trace_id.hex(), to.span_id.hex()) for to in it.links],
                )


def _attributes(pairs: Any) -> dict[str, Attribute]:
    return {
        pair.key: getattr(pair.value, kind)
        for pair in pairs
        if (kind := pair.value.WhichOneof("value")) in _SCALARS
    }


_SCALARS = ("string_value", "bool_value", "int_value", "double_value")
