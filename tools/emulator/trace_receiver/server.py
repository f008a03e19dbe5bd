"""Takes spans by datagram and over HTTP, and answers with those of a trace."""

from __future__ import annotations

import re
import threading
from http import HTTPStatus
from typing import Any

import msgspec

from tools.emulator.loopback_guard import GuardedHandler, GuardedServer, datagrams
from tools.emulator.trace_receiver.edges import counted
from tools.emulator.trace_receiver.spans import Unreadable, read_datagram, read_request
from tools.emulator.trace_receiver.store import SpanStore

_TRACES = re.compile(r"/traces/([0-9a-f]{32}(?:,[0-9a-f]{32}){0,99})")
_JOURNEY = re.compile(r"/journeys/([0-9a-f-]{36})")
_OTLP = "/v1/traces"
_LARGEST = 4 * 1024 * 1024


class Receiver(GuardedServer):
    """``datagram_port`` is the one that functions know; the other one speaks HTTP.

    ``GET /traces/{id},{id}``: ``{spans: [...]}``, those of traces that link to them included.
    ``GET /journeys/{correlation id}``: the same for messages of a journey, whatever their trace.
    ``GET /edges``: ``{edges: [...]}``, which service had to do with which, of all that is kept.
    ``GET /counts``: what was received. ``POST /v1/traces``: OTLP over HTTP, as protobuf.
    """

    control = ("/_",)  # OTLP is no JSON

    def __init__(self, port: int, datagram_port: int) -> None:
        self.store = SpanStore()
        super().__init__(port, _Handler)
        self._datagrams = datagrams(datagram_port)
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        while True:
            try:
                self.store.add(read_datagram(self._datagrams.recv(1 << 16)))
            except Unreadable:
                self.store.count_unreadable()


class _Handler(GuardedHandler):
    server: Receiver

    def do_GET(self) -> None:
        """Spans of traces, or counts."""
        store = self.server.store
        if match := _TRACES.fullmatch(self.path):
            self._answer(HTTPStatus.OK, {"spans": store.of(match[1].split(","))})
        elif match := _JOURNEY.fullmatch(self.path):
            self._answer(HTTPStatus.OK, {"spans": store.of_journey(match[1])})
        elif self.path == "/edges":
            self._answer(HTTPStatus.OK, {"edges": counted(store.all())})
        elif self.path == "/counts":
            self._answer(HTTPStatus.OK, store.counts())
        else:
            self._answer(
                HTTPStatus.NOT_FOUND,
                {"error": "there is /traces/{id},{id}, /journeys/{id}, /edges, /counts"},
            )

    def do_POST(self) -> None:
        """Spans over HTTP."""
        length = self.headers.get("Content-Length") or ""
        if self.path != _OTLP or not length.isdecimal() or int(length) > _LARGEST:
            self.close_connection = True  # the body was not read
            self._answer(HTTPStatus.BAD_REQUEST, {"error": f"POST {_OTLP}, {_LARGEST} bytes"})
            return
        try:
            self.server.store.add(read_request(self.rfile.read(int(length))))
        except Unreadable as unreadable:
            self.server.store.count_unreadable()
            self._answer(HTTPStatus.BAD_REQUEST, {"error": str(unreadable)})
        else:
            self._answer(HTTPStatus.OK, {})

    def _answer(self, status: HTTPStatus, document: Any) -> None:
        content = msgspec.json.encode(document)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
