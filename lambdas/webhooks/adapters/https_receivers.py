"""Partners' receivers by HTTPS: to a public address that was judged, and to no other.

The name is resolved once for each call; the addresses are judged, and the connection is made to one
of them by its number. So DNS cannot name another one in between. The certificate must be the
name's. Nothing is followed, and of an answer only its beginning is read, in bounded time.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from shared.runtime.product import product
from shared.runtime.tracing import spans
from webhooks.domain.receivers import NotAllowed, Receiver, judged, parse
from webhooks.ports import Endpoint, NotTaken

MOST_READ = 64 * 1024
"""Bytes of an answer, its headers among them."""
MOST_BODY = 1024
MOST_ADDRESSES = 2
"""That are tried, if the first cannot be reached."""

Resolve = Callable[[str, int], list[str]]


class HttpsReceivers:
    """Implements ``webhooks.ports.Receivers``.

    ``authority`` is a file by which receivers on this machine are known, or empty: there are none,
    as on AWS. ``seconds`` are for one call, from the first try to connect to the end of what is
    read.
    """

    def __init__(
        self,
        authority: str,
        seconds: float,
        *,
        resolve: Resolve | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authority = authority
        self._seconds = seconds
        self._resolve = resolve or _resolve
        self._monotonic = monotonic

    def parsed(self, url: str) -> Receiver:
        """The receiver of a URL. Raises NotAllowed."""
        return parse(url, loopback=bool(self._authority))

    def post(self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> bytes:
        """See ``Receivers``. Anything but 2xx is a refusal, a redirection too."""
        with spans.calling("webhook at a partner", {"http.request.method": "POST"}) as span:
            try:
                status, said = self._post(self.parsed(endpoint.url), headers, body)
            except NotAllowed as not_allowed:
                raise NotTaken(str(not_allowed)) from not_allowed
            except (OSError, http.client.HTTPException) as failure:
                raise NotTaken(_told(failure)) from failure
            if span is not None:
                span.attributes["http.response.status_code"] = status
        if not 200 <= status < 300:
            raise NotTaken(f"status {status}")
        return said

    def _post(
        self, receiver: Receiver, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        local = receiver.is_this_machine
        addresses = judged(self._resolve(receiver.host, receiver.port), loopback=local)
        limit = _Limit(self._monotonic, self._seconds)
        with self._connected(receiver, addresses, limit) as secured:
            connection = http.client.HTTPConnection(receiver.host, receiver.port)
            connection.sock = _Bounded(secured, limit)
            host = f"{receiver.host}:{receiver.port}" if local else receiver.host
            sent = {
                "Host": host,
                "User-Agent": f"{product()}-webhooks",
                "Content-Type": "application/json",
                "Connection": "close",
                **headers,
            }
            connection.request("POST", receiver.target, body, sent)
            with connection.getresponse() as answer:
                limit.may_end = True
                good = 200 <= answer.status < 300
                return answer.status, answer.read(MOST_BODY) if good else b""

    def _connected(
        self, receiver: Receiver, addresses: list[str], limit: "_Limit"
    ) -> ssl.SSLSocket:
        # Certificates on this machine are made anew while a function runs; the world's are not.
        context = _context(self._authority) if receiver.is_this_machine else _of_the_world()
        *others, last = addresses[:MOST_ADDRESSES]
        for address in others:
            try:
                plain = socket.create_connection((address, receiver.port), limit.left() / 2)
                break
            except OSError:
                continue
        else:
            plain = socket.create_connection((last, receiver.port), limit.left())
        try:
            plain.settimeout(limit.left())
            return context.wrap_socket(plain, server_hostname=receiver.host)
        except BaseException:
            plain.close()
            raise


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(it[4][0]) for it in found))


@cache
def _of_the_world() -> ssl.SSLContext:
    return _context(None)


def _context(authority: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _told(failure: Exception) -> str:
    """Without the failure's own words, which may quote what the receiver has sent."""
    match failure:
        case ssl.SSLCertVerificationError():
            return "its certificate is not of that name, or of nobody whom we trust"
        case ssl.SSLError():
            return "no TLS"
        case TimeoutError():
            return "not within the time"
        case socket.gaierror():
            return "the host has no address"
        case http.client.HTTPException():
            return "no answer of HTTP"
    return "not reached"


class _Limit:
    """The time for one call, and how much of its answer is read. ``may_end`` says whether the
    answer's head is whole: http.client takes what is cut off for the end of it.
    """

    def __init__(self, monotonic: Callable[[], float], seconds: float) -> None:
        self._monotonic = monotonic
        self._ends = monotonic() + seconds
        self._bytes = MOST_READ
        self.may_end = False

    def left(self) -> float:
        """Seconds. Raises TimeoutError: none."""
        left = self._ends - self._monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def read(self, count: int) -> None:
        """So many bytes more. Raises HTTPException: too many, or none where more must come."""
        if not count and not self.may_end:
            raise http.client.HTTPException("cut off")
        self._bytes -= count
        if self._bytes < 0:
            raise http.client.HTTPException("too long")


class _Bounded:
    """What http.client wants of a socket; each wait has the time that is left of the whole."""

    def __init__(self, secured: ssl.SSLSocket, limit: _Limit) -> None:
        self._secured = secured
        self._limit = limit

    def sendall(self, content: bytes) -> None:
        """All of it, or an error."""
        self._secured.settimeout(self._limit.left())
        self._secured.sendall(content)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The answer."""
        return io.BufferedReader(_Reader(self._secured, self._limit))

    def close(self) -> None:
        """Who made the socket closes it."""


class _Reader(io.RawIOBase):
    def __init__(self, secured: ssl.SSLSocket, limit: _Limit) -> None:
        self._secured = secured
        self._limit = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._secured.settimeout(self._limit.left())
        count = self._secured.recv_into(buffer)
        self._limit.read(count)
        return count
