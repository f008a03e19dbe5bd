"""Passes requests under one path of the emulator's address on to the fault process beside it.

So the console's page reaches that process at its own origin: no rule against foreign pages has an
exception, and no template, header or file of the app names an address that is only here. ADR 0039.

The emulator's interpreter loads this file by its path, so it imports the standard library alone.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.emulator.loopback_guard import Application

PATH = "/_faults/"
LARGEST = 4096
"""Bytes of a request's body. What is longer is not read."""
AT_ONCE = 4
SECONDS = 30.0
_PASSED_ON = ("authorization", "content-type")
_PASSED_BACK = ("content-type", "cache-control", "x-content-type-options")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


class Forwarding:
    """Around an ASGI application: what begins with ``PATH`` goes to the process of ``record``.

    The process writes its port there. It listens to programs of this machine, as this one is, and
    asks for the operator's token that is passed on.
    """

    def __init__(self, application: Application, record: Path) -> None:
        self._application = application
        self._record = record
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="faults")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, one WebSocket, or the application's own life span."""
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self._application(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            answer = _problem(413, "The request is too large", f"{LARGEST} bytes at most")
        else:
            answer = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._ask, scope, body
            )
        status, headers, content = answer
        length = (b"content-length", str(len(content)).encode())
        start = {"type": "http.response.start", "status": status, "headers": [*headers, length]}
        await send(start)
        await send({"type": "http.response.body", "body": content})

    def _ask(self, scope: Mapping[str, Any], body: bytes) -> Answer:
        try:
            port = int(json.loads(self._record.read_text("utf-8"))["port"])
            # Its guard takes a host with the port, which http.client says.
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
            try:
                path = scope["path"].removeprefix(PATH.rstrip("/"))
                connection.request(scope["method"], path, body or None, _headers(scope))
                response = connection.getresponse()
                named = {name.lower(): value for name, value in response.getheaders()}
                return response.status, _back(named), response.read()
            finally:
                connection.close()
        except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
            return _problem(
                503, "The fault process does not answer", "`make up` starts it, if it has ended"
            )


async def _body(receive: Receive) -> bytes | None:
    """All of it; None if it is larger than it may be."""
    found, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return found
        found += message.get("body", b"")
        more = message.get("more_body", False)
        if len(found) > LARGEST:
            return None
    return found


def _headers(scope: Mapping[str, Any]) -> dict[str, str]:
    sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return {name: sent[name] for name in _PASSED_ON if name in sent}


def _back(named: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode(), named[name].encode("latin-1")) for name in _PASSED_BACK if name in named
    ]


def _problem(status: int, title: str, detail: str) -> Answer:
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"cache-control", b"no-store"),
    ]
    return status, headers, json.dumps(document).encode()
