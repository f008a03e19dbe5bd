"""The receiver keeps what it understands, within bounds, whatever it is sent."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.runtime.tracing.context import TraceContext
from shared.runtime.tracing.otlp import requests, resource
from shared.runtime.tracing.spans import SERVER, Span
from shared.runtime.tracing.xray_daemon import PREFIX
from tools.emulator.trace_receiver.spans import Link, ReceivedSpan, Unreadable, read_datagram
from tools.emulator.trace_receiver.store import SpanStore

TRACE = "6b088f4663ab94975f4c1566d472358e"


def a_span(number: int = 1, trace: str = TRACE, *links: str) -> ReceivedSpan:
    to = [Link(it, "1" * 16) for it in links]
    return ReceivedSpan(
        trace, f"{number:016x}", "", "orders", "name", "server", number, number + 1, False, {}, to
    )


def a_datagram() -> bytes:
    span = Span("GET /v1/orders", SERVER, TraceContext(TRACE, "2" * 16, True), "journey")
    (request,) = requests([span], resource({"service.name": "orders"}), 45_000)
    return PREFIX + b64encode(request)


def test_a_datagram_is_read() -> None:
    (found,) = read_datagram(a_datagram())
    assert (found.service, found.name, found.trace_id) == ("orders", "GET /v1/orders", TRACE)


def test_letters_of_the_mark_within_base64_are_no_mark() -> None:
    found = 0
    for name in ("A=R", " A=R", "  A=R"):  # one of them stands so that its base64 has the letters
        span = Span(name, SERVER, TraceContext(TRACE, "2" * 16, True), "journey")
        (request,) = requests([span], b"", 45_000)
        found += b"T1S" in b64encode(request)
        assert read_datagram(PREFIX + b64encode(request))[0].name == name
    assert found == 1


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\x00" * 60_000,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        PREFIX,
        PREFIX + b"!!!",
        PREFIX + b64encode(b"\xff" * 100),
        PREFIX.replace(b"T1S", b"T1U") + b64encode(b""),
        b'{"format": "json", "version": 1}\n{"trace_id": "1-1-1"}',
        a_datagram()[:-20],
    ],
)
def test_what_is_no_datagram_of_spans_is_refused(hostile: bytes) -> None:
    with pytest.raises(Unreadable):
        read_datagram(hostile)


@given(st.binary(max_size=300))
def test_no_datagram_breaks_the_receiver(content: bytes) -> None:
    for datagram in (content, PREFIX + content, PREFIX + b64encode(content)):
        try:
            read_datagram(datagram)
        except Unreadable:
            continue


def test_spans_of_a_trace_come_in_their_order_with_those_of_traces_that_link_to_it() -> None:
    store, later = SpanStore(), "7" * 32
    store.add([a_span(3), a_span(1), a_span(9, later, TRACE), a_span(2), a_span(5, "8" * 32)])
    assert [it.started for it in store.of([TRACE])] == [1, 2, 3, 9]
    assert store.of(["9" * 32]) == []


def test_a_span_that_comes_twice_is_kept_once() -> None:
    store = SpanStore()
    store.add([a_span(), a_span(), replace(a_span(), name="again")])
    assert [it.name for it in store.of([TRACE])] == ["again"]
    assert (store.counts()["received"], store.counts()["spans"]) == (3, 1)


def test_the_traces_that_went_on_longest_ago_are_forgotten_first() -> None:
    store = SpanStore(most=4)
    for trace in "abc":
        store.add([a_span(1, trace * 32)])
    store.add([a_span(2, "a" * 32)])
    store.add([a_span(1, "d" * 32, "b" * 32)])
    assert store.of(["b" * 32])[0].trace_id == "d" * 32
    assert len(store.of(["a" * 32])) == 2
    store.add([a_span(number, "e" * 32) for number in range(4)])
    assert [len(store.of([it * 32])) for it in "abcde"] == [0, 0, 0, 0, 4]
    counts = store.counts()
    assert (counts["spans"], counts["traces"], counts["forgotten"]) == (4, 1, 5)
    assert store._linking == {}


def test_a_trace_larger_than_everything_is_forgotten_too() -> None:
    store = SpanStore(most=10)
    store.add([a_span(number) for number in range(11)])
    assert store.counts()["spans"] == 0
