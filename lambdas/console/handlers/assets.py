"""GET / and /{file}: the app's files, and what it is told of where it runs.

Nobody is asked who calls: the files are the same for everybody, and say nothing of the system.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from console.adapters.site import INDEX, NOT_KEPT, File, files
from console.environment import SiteEnvironment
from shared.runtime import log, problems
from shared.runtime.api import BROWSERS, correlation_id_in
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation

CONFIGURATION = "config.json"
SCOPES = ("console/read", "console/operate")
Answer = dict[str, Any]


@invocation
def handler(event: dict[str, Any], _context: Any) -> Answer:
    """200 with the file; 404 for a name that is none."""
    name = (event.get("pathParameters") or {}).get("file", INDEX)
    answer = _moved(event) or _found(name) or _not_found(event)
    log.info("file answered", route=event.get("resource"), status=answer["statusCode"])
    return answer


def _moved(event: Mapping[str, Any]) -> Answer | None:
    """Addresses in the app are relative to its folder, whose own address ends with a slash."""
    context = event["requestContext"]
    if event.get("resource") == "/" and context.get("path") == f"/{context['stage']}":
        return _answer(308, "", "text/plain", NOT_KEPT, Location=f"{context['stage']}/")
    return None


def _found(name: str) -> Answer | None:
    file = _configuration() if name == CONFIGURATION else files().get(name)
    return _answer(200, file.content, file.type, file.cached) if file else None


def _not_found(event: Mapping[str, Any]) -> Answer:
    correlation_id = correlation_id_in({})
    problem = problems.Problem(404, "no-such-resource", "There is no such resource", "no such file")
    document = problem.document(event.get("resource") or "", correlation_id)
    return _answer(404, json.dumps(document), problems.PROBLEM_JSON, NOT_KEPT)


@cache
def _configuration() -> File:
    """What the app reads first: where to log in, as whom, and what this deployment is."""
    site = load(SiteEnvironment)
    document = {
        "environment": site.environment,
        "login_url": site.login_url,
        "client_id": site.client_id,
        "scopes": SCOPES,
    }
    return File(json.dumps(document), "application/json", NOT_KEPT)


def _answer(status: int, content: str, type: str, cached: str, **headers: str) -> Answer:
    return {
        "statusCode": status,
        "headers": {
            **_security_headers(load(SiteEnvironment).login_url),
            "Content-Type": type,
            "Cache-Control": cached,
            **headers,
        },
        "body": content,
    }


@cache
def _security_headers(login_url: str) -> Mapping[str, str]:
    """The app runs its own files, speaks to its own API and the login, and is nobody's frame."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": f"'self' {login_url}",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        **BROWSERS,
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
