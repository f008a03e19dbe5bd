"""Leaves out the body of an answer that may have none, as AWS does: 204 and 304.

The emulator answers a preflight with 204 and two bytes. A client that keeps its connection reads
them as the beginning of the next answer.

The emulator's interpreter loads this file by its path, so it imports the standard library alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.emulator.loopback_guard import Application

WITHOUT = (204, 304)
"""No Content, Not Modified."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Bodiless:
    """Around an ASGI application."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, one WebSocket, or the application's own life span."""
        has_none = False

        async def without_a_body(message: Message) -> None:
            nonlocal has_none
            if message["type"] == "http.response.start" and message["status"] in WITHOUT:
                has_none = True
                headers = message.get("headers", ())
                kept = [it for it in headers if it[0].lower() != b"content-length"]
                message = {**message, "headers": kept}
            elif has_none and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._application(scope, receive, without_a_body)
