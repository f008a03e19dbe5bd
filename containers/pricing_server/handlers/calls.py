"""What stands before each method: whose call it is, in which trace, and a line when it failed."""

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from pricing_server.handlers.refusals import refuse
from pricing_server.handlers.tally import Tally
from shared.runtime import log
from shared.runtime.tracing import spans
from shared.runtime.tracing.context import TraceContext, begin, child_of, parse

CALLER = "x-caller-identity"
"""Envoy sets it, from a certificate or from Lattice, and takes away what a caller has put there."""
_OPEN = ("/grpc.health.v1.Health/", "/grpc.reflection.")
_NONE: Mapping[str, str] = MappingProxyType({})
_read: contextvars.ContextVar[tuple[Any, Mapping[str, str]] | None] = contextvars.ContextVar(
    "metadata", default=None
)
_present = contextvars.ContextVar("ids", default=_NONE)
_SERVERS_FAULT = {
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}
Context: TypeAlias = grpc.aio.ServicerContext
Unary = Callable[[Any, Context], Awaitable[Any]]
Stream = Callable[[Any, Context], AsyncIterator[Any]]

log.name_lines(_present.get)


class Malformed:
    """Stands for a request that is no message of the method's type."""


class _Wrapping(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Wraps the handler of each method once; the wrapped one is kept, as methods do not change."""

    def __init__(self) -> None:
        self._wrapped: dict[str, grpc.RpcMethodHandler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler | None:
        """gRPC asks this for each call."""
        method = handler_call_details.method
        if method in self._wrapped:
            return self._wrapped[method]
        handler = await continuation(handler_call_details)
        if handler is None or method.startswith(_OPEN):
            return handler
        if handler.unary_unary:
            made = grpc.unary_unary_rpc_method_handler(
                self.unary(method, handler.unary_unary),
                self.reads(handler.request_deserializer),
                handler.response_serializer,
            )
        else:
            made = grpc.unary_stream_rpc_method_handler(
                self.stream(method, handler.unary_stream),
                self.reads(handler.request_deserializer),
                handler.response_serializer,
            )
        self._wrapped[method] = made
        return made

    @staticmethod
    def reads(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        """What makes a request of bytes."""
        return deserialize

    def unary(self, method: str, call: Unary) -> Unary:
        """What is called instead of a method that answers once."""
        raise NotImplementedError

    def stream(self, method: str, call: Stream) -> Stream:
        """What is called instead of a method that answers many times."""
        raise NotImplementedError


class Identified(_Wrapping):
    """A call without an identity is refused: somebody has come past Envoy."""

    def unary(self, method: str, call: Unary) -> Unary:  # noqa: ARG002
        """See the class."""

        async def identified(request: Any, context: Context) -> Any:
            await _identify(request, context)
            return await call(request, context)

        return identified

    def stream(self, method: str, call: Stream) -> Stream:  # noqa: ARG002
        """See the class."""

        async def identified(request: Any, context: Context) -> AsyncIterator[Any]:
            await _identify(request, context)
            async for answer in call(request, context):
                yield answer

        return identified


async def _identify(request: Any, context: Context) -> None:
    if isinstance(request, Malformed):
        await refuse(
            context,
            grpc.StatusCode.INVALID_ARGUMENT,
            "NO_MESSAGE",
            "these bytes are no message of this method's type",
        )
    if not _metadata(context).get(CALLER):
        await refuse(
            context,
            grpc.StatusCode.UNAUTHENTICATED,
            "NO_IDENTITY",
            "calls come through Envoy, which says who calls",
        )


class Recorded(_Wrapping):
    """Counts and times each call, keeps its span, and writes a line for each that we failed."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self._tally = tally

    @staticmethod
    def reads(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        """Bytes that are no message are the caller's fault, which gRPC itself calls UNKNOWN."""

        def read(content: bytes) -> Any:
            try:
                return deserialize(content)
            except DecodeError:
                return Malformed()

        return read

    def unary(self, method: str, call: Unary) -> Unary:
        """See the class."""

        async def recorded(request: Any, context: Context) -> Any:
            with _Record(self._tally, method, context):
                return await call(request, context)

        return recorded

    def stream(self, method: str, call: Stream) -> Stream:
        """See the class."""

        async def recorded(request: Any, context: Context) -> AsyncIterator[Any]:
            with _Record(self._tally, method, context):
                async for answer in call(request, context):
                    yield answer

        return recorded


class _Record:
    """One call, while it lasts."""

    __slots__ = ("_begun", "_context", "_method", "_parent", "_place", "_tally")

    def __init__(self, tally: Tally, method: str, context: Context) -> None:
        self._tally = tally
        self._method = method
        self._context = context

    def __enter__(self) -> None:
        self._begun = time.time_ns()
        self._parent = parse(_metadata(self._context).get("traceparent"))
        self._place = child_of(self._parent) if self._parent else begin()
        # Each call is a task with a context of its own, which ends with it.
        _present.set({"trace_id": self._place.trace_id})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Any
    ) -> None:
        ended = time.time_ns()
        status = _status(self._context, kind)
        self._tally.count(self._method, status.name, (ended - self._begun) / 1e6)
        if status in _SERVERS_FAULT:
            log.error(
                "call failed",
                method=self._method,
                status=status.name,
                caller=_metadata(self._context).get(CALLER),
                error=kind.__name__ if kind else None,
            )
        if self._place.sampled:
            self._keep_span(status, ended)

    def _keep_span(self, status: grpc.StatusCode, ended: int) -> None:
        span = spans.Span(
            self._method.removeprefix("/"),
            spans.SERVER,
            self._place,
            self._place.trace_id,
            parent_id=_parent_id(self._parent),
            attributes={"rpc.method": self._method.rpartition("/")[2]},
        )
        span.started, span.ended = self._begun, ended
        span.error = status.name if status in _SERVERS_FAULT else None
        spans.keep(span)


def _parent_id(parent: TraceContext | None) -> str | None:
    return parent.span_id if parent else None


def _metadata(context: Context) -> Mapping[str, str]:
    """Read once for a call, which is a task with a context of its own: gRPC makes it anew."""
    known = _read.get()
    if known is None or known[0] is not context:
        known = (context, dict(context.invocation_metadata() or ()))
        _read.set(known)
    return known[1]


def _status(context: Context, kind: type[BaseException] | None) -> grpc.StatusCode:
    """What the caller is told, or what it would have been told."""
    if kind is None:
        return grpc.StatusCode.OK
    if issubclass(kind, (asyncio.CancelledError, GeneratorExit)):
        return grpc.StatusCode.CANCELLED
    if issubclass(kind, grpc.aio.AbortError):
        code = context.code()
        for status in grpc.StatusCode:
            if code in (status, status.value[0]):
                return status
    return grpc.StatusCode.UNKNOWN
