"""Keeps web pages away from whatever listens on this machine: every listener is made here.

A page in the developer's browser can send requests to 127.0.0.1, under that address or under a name
of its own that it points there (DNS rebinding). ADR 0017 lists the ways, and what stops each.

The emulator's interpreter loads this file by its path, so it imports the standard library alone.
"""

from __future__ import annotations

import json
import socket
import tomllib
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
"""A request names one of these, with the port. No page can point either of them elsewhere."""

PROBLEM_JSON = "application/problem+json"
_PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
_JSON = b"application/json"
_CORS = b"access-control-"
_BROWSER = b"Mozilla/"
"""How every browser's user-agent begins; a page cannot change it in a GET without an origin."""
_TARGET = "loopback.target"
_WATCHED = frozenset(
    {
        b"host",
        b"origin",
        b"referer",
        b"sec-fetch-site",
        b"user-agent",
        b"content-type",
        b"content-length",
    }
)

Headers = Iterable[tuple[bytes, bytes]]
"""Names in lower case, as ASGI has them."""
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not passed on. ``kind`` is the last segment of the problem's type URI."""

    status: HTTPStatus
    kind: str
    title: str
    detail: str

    @property
    def content(self) -> bytes:
        """The problem document (RFC 9457)."""
        return json.dumps(
            {
                "type": _types() + self.kind,
                "title": self.title,
                "status": int(self.status),
                "detail": self.detail,
            }
        ).encode()


@cache
def _types() -> str:
    """How the types of problems begin; ``contracts.product`` cannot be imported here."""
    product = tomllib.loads(_PROJECT.read_text("utf-8"))["project"]["name"]
    return f"https://{product}.example/problems/"


class Judge:
    """Says which requests to a port may pass.

    ``control`` are the beginnings of paths where a POST must carry JSON: a page may send a form or
    plain text without asking first, and JSON only after it has asked.
    """

    def __init__(self, port: int, control: tuple[str, ...] = ()) -> None:
        self._hosts = frozenset(f"{name}:{port}".encode() for name in NAMES)
        self._usual = f"{HOST}:{port}"
        self._control = control

    def refusal(self, method: str, path: str, target: bytes, headers: Headers) -> Refusal | None:
        """Why this request must not pass; None if it may.

        Args:
            method: in upper case.
            path: decoded, as the application compares it.
            target: as it stood in the request line.
            headers: every one, repetitions included.
        """
        found: dict[bytes, bytes] = {}
        for name, value in headers:
            if name in _WATCHED:
                if name in found:
                    return _malformed(f"the header {name.decode()} is there twice")
                found[name] = value
        if not target.startswith(b"/"):
            return _malformed("its target must be a path: no proxy listens here")
        host = found.get(b"host", b"").lower()
        if not host:
            return _malformed("the header host is missing")
        if host not in self._hosts:
            return self._misdirected(host)
        return self._not_from_here(b"http://" + host, found) or self._not_json(method, path, found)

    def _misdirected(self, host: bytes) -> Refusal:
        return Refusal(
            HTTPStatus.MISDIRECTED_REQUEST,
            "misdirected-request",
            "The request is for another host",
            f"{host.decode('latin-1')} is not served here; use {self._usual}, "
            "and addresses with the bucket in their path",
        )

    def _not_from_here(self, own: bytes, found: Mapping[bytes, bytes]) -> Refusal | None:
        """Browsers say what page a request comes from; other clients say nothing."""
        origin = found.get(b"origin")
        if origin is not None and origin.lower() != own:
            return _foreign(f"it comes from a page of the origin {origin.decode('latin-1')}")
        site = found.get(b"sec-fetch-site")
        if site is None and found.get(b"user-agent", b"").startswith(_BROWSER):
            return _foreign("it comes from a browser too old to send sec-fetch-site")
        # A page on another port of this machine is same-site, and as foreign as any other.
        if site is not None and site.lower() not in (b"same-origin", b"none"):
            return _foreign(f"its sec-fetch-site is {site.decode('latin-1')}")
        referer = found.get(b"referer")
        if referer is not None and not (referer.lower() + b"/").startswith(own + b"/"):
            return _foreign(f"it comes from the page {referer.decode('latin-1')}")
        return None

    def _not_json(self, method: str, path: str, found: Mapping[bytes, bytes]) -> Refusal | None:
        if method != "POST" or not path.startswith(self._control):
            return None
        if found.get(b"content-type", b"").partition(b";")[0].strip().lower() == _JSON:
            return None
        return Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "The request is not JSON",
            f"send it with `Content-Type: {_JSON.decode()}`",
        )


def _malformed(detail: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, "malformed-request", "The request is ambiguous", detail)


def _foreign(detail: str) -> Refusal:
    return Refusal(
        HTTPStatus.FORBIDDEN,
        "foreign-page",
        "Only this machine's own clients may call",
        f"{detail}; open the address by hand, or call it from a program",
    )


class Guard:
    """Around an ASGI application: passes on what may pass, and takes the wildcards from answers.

    The emulator allows every origin to read its answers. What may pass has no origin or its own, so
    that it needs no permission; one that an API gives to just that origin stays.
    """

    def __init__(self, application: Application, judge: Judge) -> None:
        self._application = application
        self._judge = judge

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, one WebSocket, or the application's own life span."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        path: str = scope["path"]
        target: bytes = scope.get(_TARGET) or path.encode()
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        refusal = self._judge.refusal(scope.get("method", "GET"), path, target, headers)
        if refusal is not None:
            await _refuse(refusal, scope, receive, send)
            return

        origin = next((value for name, value in headers if name == b"origin"), None)

        async def without_wildcards(message: Message) -> None:
            if "headers" in message:
                message["headers"] = _without_foreign_permissions(message["headers"], origin)
            await send(message)

        await self._application(scope, receive, without_wildcards)


def _without_foreign_permissions(
    answered: Sequence[tuple[bytes, bytes]], origin: bytes | None
) -> list[tuple[bytes, bytes]]:
    rest = [it for it in answered if it[0][: len(_CORS)].lower() != _CORS]
    if origin is not None and any(
        (name.lower(), value) == (b"access-control-allow-origin", origin)
        for name, value in answered
    ):
        return list(answered)
    return rest


async def _refuse(refusal: Refusal, scope: Message, receive: Receive, send: Send) -> None:
    headers = [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", str(len(refusal.content)).encode()),
    ]
    kind = "http.response"
    if scope["type"] == "websocket":
        await receive()  # its connect
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.detail})
            return
        kind = "websocket.http.response"
    await send({"type": f"{kind}.start", "status": int(refusal.status), "headers": headers})
    await send({"type": f"{kind}.body", "body": refusal.content})


def serve(
    make: Callable[[], Application], *, port: int, control: tuple[str, ...], **options: Any
) -> None:
    """Serve an ASGI application on a port until a signal ends the process; with uvicorn's options.

    ``make`` is called when the server has set up its logging.
    """
    import uvicorn
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class Protocol(HttpToolsProtocol):  # type: ignore[misc]
        """Passes the target on as it was: the scope has its path alone, whatever host it names."""

        def on_headers_complete(self) -> None:
            self.scope[_TARGET] = self.url
            super().on_headers_complete()

    uvicorn.run(
        lambda: Guard(make(), Judge(port, control)),
        factory=True,
        host=HOST,
        port=port,
        http=Protocol,
        **options,
    )


def datagrams(port: int) -> socket.socket:
    """A socket that receives datagrams of this machine, from whoever sends them.

    A page cannot send one of its own: what a browser sends (WebRTC, HTTP/3) begins otherwise, and
    whoever reads here refuses what it does not know. Nothing is ever answered.
    """
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind((HOST, port))
    return receiver


class GuardedHandler(BaseHTTPRequestHandler):
    """One connection of a ``GuardedServer``: a refused request reaches no ``do_`` method."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: GuardedServer

    def parse_request(self) -> bool:
        """As http.server does; a request that must not pass is answered here."""
        if not super().parse_request():
            return False
        refusal = self._refusal()
        if refusal is None:
            return True
        # What follows may be the body of this request, which nobody has read.
        self.close_connection = True
        self.send_response(refusal.status)
        self.send_header("Content-Type", PROBLEM_JSON)
        self.send_header("Content-Length", str(len(refusal.content)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(refusal.content)
        return False

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: who asks says in its own log what came of it."""

    def _refusal(self) -> Refusal | None:
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in self.headers.items()
        ]
        if "transfer-encoding" in self.headers:
            # Nothing here reads chunks: they would be taken for the next request.
            return _malformed("its body must come with a content-length")
        target = self.requestline.split()[1].encode("latin-1")
        return self.server.judge.refusal(self.command, self.path, target, headers)


class GuardedServer(ThreadingHTTPServer):
    """Listens on this machine alone; one thread for each connection, none keeps the process alive.

    Every POST to it must carry JSON, unless ``control`` says otherwise.
    """

    daemon_threads = True
    control: tuple[str, ...] = ("/",)

    def __init__(self, port: int, handler: type[GuardedHandler]) -> None:
        super().__init__((HOST, port), handler)
        self.judge = Judge(self.server_port, self.control)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is no error here: it did not want to wait."""
