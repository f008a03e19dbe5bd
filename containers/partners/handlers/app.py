"""The ASGI application: routes, health, and refusals for all else."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from partners.handlers import refusals
from partners.handlers.calls import Answering, Call, endpoint
from partners.handlers.routes import Routes
from shared.runtime import api
from shared.runtime.problems import Problem


def application(routes: Routes, is_ready: Callable[[], bool], seconds: float) -> Starlette:
    """``is_ready`` says whether requests may come; a request takes ``seconds`` at most."""

    async def ready(_: Request) -> Response:
        return Response(status_code=200 if is_ready() else 503)

    async def alive(_: Request) -> Response:
        return Response(status_code=200)

    async def nothing(_: Call) -> api.Response:
        raise refusals.not_found()

    unknown = endpoint("*", nothing, seconds)

    async def no_route(request: Request, raised: Exception) -> Response:
        status = raised.status_code if isinstance(raised, HTTPException) else 404
        if status == 405:
            return await endpoint("*", _not_allowed(raised), seconds)(request)
        return await unknown(request)

    found = [Route(path, endpoint(path, it, seconds), methods=[m]) for m, path, it in routes.all()]
    health = [Route("/readyz", ready), Route("/livez", alive)]
    return Starlette(routes=[*health, *found], exception_handlers={404: no_route, 405: no_route})


def _not_allowed(raised: Exception) -> Answering:
    headers = getattr(raised, "headers", None) or {}

    async def answer(_: Call) -> api.Response:
        raise Problem(405, "method-not-allowed", "Not this method", "see Allow", headers=headers)

    return answer
