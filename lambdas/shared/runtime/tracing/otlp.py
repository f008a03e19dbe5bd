"""Spans as an OTLP ``ExportTraceServiceRequest``, written by hand.

The generated classes of OpenTelemetry's protocol take longer to import than all of a cold start
may cost. Numbers of fields are those of ``opentelemetry/proto/trace/v1/trace.proto``.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from shared.runtime.tracing.context import TraceContext
from shared.runtime.tracing.spans import ALLOWED, CLIENT, SERVER, Span

LONGEST_TEXT = 256
"""Characters of a name or a value; the rest is cut off."""
MOST_LINKS = 32
AROUND = 32
"""Bytes of the keys and lengths around all spans of a request."""
ERROR = 2
_SAMPLED = b"\x85\x01" + (1).to_bytes(4, "little")
"""Field 16, flags: what is not sampled never comes here."""
_FAILED = bytes((15 << 3 | 2, 2, 3 << 3, ERROR))
_times = struct.Struct("<BQBQ").pack
Value = str | int | bool | float


def resource(attributes: Mapping[str, Value]) -> bytes:
    """What all spans of a process have in common, written once for ``requests``."""
    return _field(1, b"".join(_field(1, _attribute(*it)) for it in attributes.items()))


def requests(spans: Iterable[Span], about: bytes, most_bytes: int) -> Iterator[bytes]:
    """The spans in as few requests as go, none of them larger than ``most_bytes``.

    ``about`` is what ``resource`` made.
    """
    room = most_bytes - len(about) - AROUND
    batch: list[bytes] = []
    size = 0
    for span in spans:
        encoded = _field(2, encode(span))
        if len(encoded) > room:
            continue  # a span of ours is a tenth of that: not worth a way of its own
        if batch and size + len(encoded) > room:
            yield _request(about, batch)
            batch, size = [], 0
        batch.append(encoded)
        size += len(encoded)
    if batch:
        yield _request(about, batch)


def _request(about: bytes, spans: list[bytes]) -> bytes:
    return _field(1, about + _field(2, b"".join(spans)))


def encode(span: Span) -> bytes:
    """One ``Span`` message."""
    context = span.context
    ids = f"0a10{context.trace_id}1208{context.span_id}"
    if span.parent_id:
        ids += f"2208{span.parent_id}"
    content = (
        bytes.fromhex(ids)
        + _named(span.name, span.kind)
        + _times(7 << 3 | 1, span.started, 8 << 3 | 1, span.ended)
        + _attributes(span)
    )
    if span.links:
        content += b"".join(_field(13, _link(link)) for link in span.links[:MOST_LINKS])
    if span.error:
        content += _pair(("error.type", span.error)) + _FAILED
    return content + _SAMPLED


def _attributes(span: Span) -> bytes:
    """Those of requests are few, and the same again and again; those of messages have ids."""
    pairs = span.attributes.items()
    if span.kind in (SERVER, CLIENT):
        try:
            return _same_again(tuple(pairs))
        except TypeError:  # a value that is no scalar: it will not go out
            pass
    return b"".join(map(_pair, pairs))


@lru_cache(1024, typed=True)
def _same_again(pairs: tuple[tuple[str, object], ...]) -> bytes:
    return b"".join(map(_pair, pairs))


def _pair(pair: tuple[str, object]) -> bytes:
    key, value = pair
    if key in ALLOWED and isinstance(value, str | int):
        return _attribute_field(key, value)
    return b""


@lru_cache(1024, typed=True)
def _attribute_field(key: str, value: Value) -> bytes:
    return _field(9, _attribute(key, value))


@lru_cache(256)
def _named(name: str, kind: int) -> bytes:
    return _field(5, _text(name)) + bytes((6 << 3, kind))


def _link(context: TraceContext) -> bytes:
    return _field(1, bytes.fromhex(context.trace_id)) + _field(2, bytes.fromhex(context.span_id))


def _attribute(key: str, value: Value) -> bytes:
    if isinstance(value, bool):
        content = bytes((2 << 3, value))
    elif isinstance(value, int):
        content = bytes((3 << 3,)) + _varint(value & 0xFFFFFFFFFFFFFFFF)
    elif isinstance(value, float):
        content = struct.pack("<Bd", 4 << 3 | 1, value)
    else:
        content = _field(1, _text(value))
    return _field(1, key.encode()) + _field(2, content)


def _text(text: str) -> bytes:
    return text[:LONGEST_TEXT].encode("utf-8", "replace")


def _field(number: int, content: bytes) -> bytes:
    """A field with a length. No number here is above 15, so its key is one byte."""
    return bytes((number << 3 | 2,)) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)
