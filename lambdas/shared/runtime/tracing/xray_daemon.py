"""Spans as datagrams for the X-Ray daemon that Lambda runs beside each function.

The form is that of the AWS distribution of OpenTelemetry, which is documented nowhere: a line that
says the protocol, then ``T1S`` (sampled spans) and an OTLP request in base64.
"""

import socket
from base64 import b64encode
from collections.abc import Mapping, Sequence

from shared.runtime.tracing import otlp
from shared.runtime.tracing.otlp import Value, requests
from shared.runtime.tracing.spans import Span

PREFIX = b'{"format":"json","version":1}\nT1S'
MOST_BYTES = 45_000
"""Of a request: a datagram ends at 64 KB, and base64 makes four bytes of three."""


class XRayDaemon:
    """``address`` is ``127.0.0.1:2000``, or ``tcp:127.0.0.1:2000 udp:127.0.0.1:2000``."""

    def __init__(self, address: str, resource: Mapping[str, Value]) -> None:
        self._address = _parsed(address)
        self._about = otlp.resource(resource)
        self._socket: socket.socket | None = None

    def write(self, spans: Sequence[Span]) -> int:
        """Send them, without waiting for anybody; answers with how many could not be sent."""
        if self._address is None:
            return len(spans)
        try:
            if self._socket is None:
                self._socket = _connected(self._address)
            for request in requests(spans, self._about, MOST_BYTES):
                _send(self._socket, PREFIX + b64encode(request))
        except OSError:
            return len(spans)
        return 0


def _connected(address: tuple[str, int]) -> socket.socket:
    """A socket that has its address: each datagram then takes the kernel half of the time."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.connect(address)
    return made


def _send(to: socket.socket, datagram: bytes) -> None:
    try:
        to.send(datagram)
    except ConnectionRefusedError:  # said of the one before: this one has not been sent
        to.send(datagram)


def _parsed(address: str) -> tuple[str, int] | None:
    parts = address.split()
    udp = next((it.removeprefix("udp:") for it in parts if it.startswith("udp:")), "".join(parts))
    host, _, port = udp.rpartition(":")
    return (host, int(port)) if host and port.isdecimal() else None
