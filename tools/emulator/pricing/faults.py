"""What can be wrong with a version, on purpose: for releases that must not succeed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

MOST_LEAKED = 200
"""Megabytes, at which the kernel of a task would kill it."""
KINDS = ("errors=0.05", "internal=0.05", "slow=0.3", "dies", "unhealthy", "leaks=5")


class Fault(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """One fault: ``errors=`` and ``internal=`` a share of calls, ``slow=`` seconds, ``leaks=``
    megabytes a call.
    """

    def __init__(self, text: str) -> None:
        self._kind, _, amount = text.partition("=")
        self._amount = float(amount or 0)
        self._kept: list[bytes] = []

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        """gRPC asks this for each call."""
        handler = await continuation(handler_call_details)
        if not handler or not handler.unary_unary or "Quote" not in handler_call_details.method:
            return handler

        async def faulty(request: Any, context: grpc.aio.ServicerContext) -> Any:
            await self._do(context)
            return await handler.unary_unary(request, context)

        return grpc.unary_unary_rpc_method_handler(
            faulty, handler.request_deserializer, handler.response_serializer
        )

    async def _do(self, context: grpc.aio.ServicerContext) -> None:
        is_hit = random.random() < self._amount  # noqa: S311 - no secret
        if self._kind == "errors" and is_hit:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "a fault, on purpose")
        if self._kind == "internal" and is_hit:
            await context.abort(grpc.StatusCode.INTERNAL, "a fault, on purpose")
        if self._kind == "slow":
            await asyncio.sleep(self._amount)
        if self._kind == "leaks":
            self._kept.append(os.urandom(round(self._amount * 1024 * 1024)))
            if sum(map(len, self._kept)) > MOST_LEAKED * 1024 * 1024:
                os.kill(os.getpid(), signal.SIGKILL)


def interceptors(text: str | None) -> tuple[Fault, ...]:
    """What is put before the methods for a fault; what is no call's matter happens at once."""
    if text is None:
        return ()
    if text == "dies":
        threading.Timer(0.3, os._exit, (1,)).start()
    elif text == "unhealthy":
        os.environ["QUOTE_SIGNING_SECRET_ARN"] = "there-is-none"  # noqa: S105 - a name
    elif text.partition("=")[0] not in {it.partition("=")[0] for it in KINDS}:
        sys.exit(f"no fault {text!r}; there are {', '.join(KINDS)}")
    return (Fault(text),)
