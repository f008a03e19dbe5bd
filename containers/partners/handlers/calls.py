"""What stands before each route: whose request it is, in which trace, and how long it may take."""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse

from partners.adapters.journeys import Journey, keep_span, present
from partners.domain.orders import Partner
from partners.handlers import refusals
from partners.ports import Silent
from shared.runtime import log, problems
from shared.runtime.api import BROWSERS, Request, Response, Trace, correlation_id_in
from shared.runtime.payloads import MAX_EVENT_BYTES
from shared.runtime.problems import Problem
from shared.runtime.tracing import spans
from shared.runtime.tracing.context import TraceContext, begin, child_of, parse

CONSUMER = "x-consumer-custom-id"
"""The gateway sets it by the key, and takes away what a caller has put there."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request after its consumer is known."""

    partner: Partner
    request: Request


Answering = Callable[[Call], Awaitable[Response]]
Endpoint = Callable[[HttpRequest], Awaitable[HttpResponse]]


def endpoint(route: str, answer: Answering, seconds: float) -> Endpoint:
    """Make Starlette's endpoint of a function from call to response."""

    async def answered(request: HttpRequest) -> HttpResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        parent = parse(headers.get("traceparent"))
        journey = Journey(child_of(parent) if parent else begin(), correlation_id_in(headers))
        present.set(journey)
        begun = time.time_ns()
        response = await _answer(request, headers, journey, answer, seconds)
        _record(request.method, route, response.status_code, journey, parent, begun)
        return response

    return answered


async def _answer(
    request: HttpRequest,
    headers: Mapping[str, str],
    journey: Journey,
    answer: Answering,
    seconds: float,
) -> HttpResponse:
    try:
        async with asyncio.timeout(seconds):
            call = await _read(request, headers, journey)
            given = await answer(call)
    except Exception as raised:
        problem = _as_problem(raised)
        document = problem.document(request.url.path, journey.correlation_id)
        return _response(
            Response(problem.status, document, problem.headers), problems.PROBLEM_JSON, journey
        )
    return _response(given, "application/json", journey)


async def _read(request: HttpRequest, headers: Mapping[str, str], journey: Journey) -> Call:
    consumer = headers.get(CONSUMER, "")
    if not consumer:
        raise refusals.no_consumer()
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_EVENT_BYTES:
            raise problems.too_large(MAX_EVENT_BYTES)
    read = Request(
        method=request.method,
        path=request.url.path,
        request_id=journey.context.span_id,
        customer_id="",
        trace=Trace(journey.correlation_id, journey.context.traceparent),
        headers=headers,
        path_parameters=request.path_params,
        query=dict(request.query_params),
        body=bytes(body),
    )
    return Call(Partner(consumer), read)


def _as_problem(raised: Exception) -> Problem:
    match raised:
        case Problem():
            return raised
        case Silent():
            return refusals.silent(raised)
        case TimeoutError():
            return refusals.out_of_time()
        case ClientDisconnect():
            return problems.invalid_request("the request did not come to its end")
    log.error(
        "request failed",
        error=type(raised).__name__,
        # Frames only: an exception's own words may quote the request, and so a person.
        frames=traceback.format_tb(raised.__traceback__),
    )
    log.metric("UnhandledErrors", 1)
    return refusals.broken()


def _response(given: Response, content_type: str, journey: Journey) -> HttpResponse:
    content = b"" if given.body is None else msgspec.json.encode(given.body)
    headers = {
        "Cache-Control": "no-store",
        **BROWSERS,
        "X-Correlation-Id": journey.correlation_id,
        **given.headers,
    }
    return HttpResponse(content, given.status, headers, content_type if content else None)


def _record(
    method: str,
    route: str,
    status: int,
    journey: Journey,
    parent: TraceContext | None,
    begun: int,
) -> None:
    log.info("request answered", method=method, route=route, status=status)
    keep_span(
        journey,
        f"{method} {route}",
        spans.SERVER,
        parent_id=parent.span_id if parent else None,
        attributes={
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
        },
        began=begun,
        error=str(status) if status >= 500 else None,
    )
