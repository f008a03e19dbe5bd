"""Refuses requests to a DynamoDB table for a while, as AWS does when its capacity is used up.

The emulator takes a table's capacity and enforces none. Who tells it which table, and for how long,
is a program of this machine: `POST /_throttles {"table", "seconds", "every"}`, `DELETE` and `GET`
of the same path. It forgets by itself when the time is over.

The emulator's interpreter loads this file by its path, so it imports the standard library alone.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.emulator.loopback_guard import Application

PATH = "/_throttles"
LONGEST = 600.0
"""Seconds; whoever asks for more is refused."""
_TARGET = b"DynamoDB_"
_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_REFUSED = json.dumps(
    {
        "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        "message": "The level of configured provisioned throughput for the table was exceeded. "
        "Consider increasing your provisioning level with the UpdateTable API.",
    }
).encode()

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(slots=True)
class Throttle:
    """One table's. Of ``every`` requests the last passes; 0 lets none pass."""

    table: str
    until: float
    every: int = 0
    asked: int = 0
    refused: int = 0
    pattern: re.Pattern[bytes] = field(init=False)

    def __post_init__(self) -> None:
        # A name in JSON, or within a statement in JSON, whose quotes have backslashes.
        self.pattern = re.compile(rb'"' + re.escape(self.table.encode()) + rb'\\?"')

    def refuses(self, body: bytes, now: float) -> bool:
        """Whether a request with this body is refused; it is counted."""
        if now >= self.until or not self.pattern.search(body):
            return False
        self.asked += 1
        if self.every and self.asked % self.every == 0:
            return False
        self.refused += 1
        return True


class Throttling:
    """Around an ASGI application that answers as DynamoDB does."""

    def __init__(
        self, application: Application, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._application = application
        self._clock = clock
        self._throttles: dict[str, Throttle] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, one WebSocket, or the application's own life span."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
        elif scope["path"] == PATH:
            await _answer(send, *self._control(scope["method"], await _all(receive)))
        elif self._throttles and _is_for_a_table(scope):
            body = await _all(receive)
            now = self._clock()
            if any(it.refuses(body, now) for it in self._throttles.values()):
                await _answer(send, 400, _REFUSED)
            else:
                await self._application(scope, _again(body, receive), send)
        else:
            await self._application(scope, receive, send)

    def _control(self, method: str, body: bytes) -> tuple[int, bytes]:
        now = self._clock()
        for name in [it.table for it in self._throttles.values() if now >= it.until]:
            del self._throttles[name]
        if method == "DELETE":
            self._throttles.clear()
        elif method == "POST":
            wanted = _wanted(body)
            if isinstance(wanted, str):
                return 400, json.dumps({"error": wanted}).encode()
            table, seconds, every = wanted
            self._throttles[table] = Throttle(table, now + seconds, every)
        elif method != "GET":
            return 405, json.dumps({"error": "GET, POST or DELETE"}).encode()
        told = [
            {"table": it.table, "seconds": it.until - now, "asked": it.asked, "refused": it.refused}
            for it in self._throttles.values()
        ]
        return 200, json.dumps({"throttles": told}).encode()


def _wanted(body: bytes) -> tuple[str, float, int] | str:
    """Table, seconds and every how many; or what is wrong."""
    try:
        asked = json.loads(body)
    except ValueError:
        return "the body is not JSON"
    if not isinstance(asked, dict):
        return "the body is no object"
    table, seconds, every = asked.get("table"), asked.get("seconds"), asked.get("every", 0)
    if not isinstance(table, str) or not _NAME.fullmatch(table):
        return "table is no name of a table"
    if not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST:
        return f"seconds is no number greater than 0, of {LONGEST:.0f} at most"
    if type(every) is not int or not 0 <= every <= 100 or every == 1:
        return "every is 0, or 2 to 100"
    return table, float(seconds), every


def _is_for_a_table(scope: Message) -> bool:
    return any(
        name == b"x-amz-target" and value.startswith(_TARGET) for name, value in scope["headers"]
    )


async def _all(receive: Receive) -> bytes:
    found, more = b"", True
    while more:
        message = await receive()
        found += message.get("body", b"")
        more = message.get("more_body", False)
    return found


def _again(body: bytes, receive: Receive) -> Receive:
    """The request once more, for the application, which then hears whether the client is gone."""
    told = False

    async def first_the_body() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return first_the_body


async def _answer(send: Send, status: int, content: bytes) -> None:
    headers = [
        (b"content-type", b"application/x-amz-json-1.0"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
