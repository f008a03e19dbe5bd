"""API Gateway's proxy events in, HTTP answers out; every error becomes a problem document."""

import base64
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

import msgspec

from shared.runtime import log, problems, strict_json
from shared.runtime.payloads import MAX_EVENT_BYTES
from shared.runtime.problems import Problem, Violation
from shared.runtime.tracing import Trace

BodyT = TypeVar("BodyT")
BROWSERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
"""What a browser is told with every answer: never without TLS, and never as another type."""
_AT = re.compile(r"^(?P<detail>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the API, after the gateway let it in.

    ``customer_id`` is empty where keys are asked for in place of tokens; ``api_key_id`` is None
    where tokens are, or where the gateway does not say which key it was. ``claims`` are all that a
    user pool's token says.
    """

    method: str
    path: str
    request_id: str
    customer_id: str
    trace: Trace
    headers: Mapping[str, str]
    path_parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    api_key_id: str | None = None
    claims: Mapping[str, str] = field(default_factory=dict)

    def json(self, form: type[BodyT]) -> BodyT:
        """Parse the body strictly as ``form``.

        Raises:
            Problem: 413 for a body over the event limit, 400 for anything that is not the form.
        """
        if len(self.body) > MAX_EVENT_BYTES:
            raise problems.too_large(MAX_EVENT_BYTES)
        try:
            return strict_json.decode(self.body, form)
        except msgspec.ValidationError as invalid:
            raise problems.invalid_request(
                "the body breaks the contract", _violation(invalid)
            ) from invalid
        except msgspec.DecodeError as malformed:
            raise problems.invalid_request(f"the body is not JSON: {malformed}") from malformed

    def whole_number(self, name: str, *, default: int, least: int, most: int) -> int:
        """A query parameter as a number within bounds. Raises a 400 problem otherwise."""
        text = self.query.get(name)
        if text is None:
            return default
        if text.isascii() and text.isdigit() and len(text) <= 18 and least <= int(text) <= most:
            return int(text)
        raise problems.invalid_request(f"{name} must be a whole number from {least} to {most}")


@dataclass(frozen=True, slots=True)
class Response:
    """What the caller gets; ``body`` is anything that serializes to JSON."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Response]
LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]


def endpoint(
    errors: Mapping[type[Exception], Callable[[Any], Problem]] | None = None,
    *,
    keyed: bool = False,
) -> Callable[[Handler], LambdaHandler]:
    """Make a Lambda handler of a function from request to response.

    ``errors`` maps the domain's exceptions to problems: the one place where that is decided.
    ``keyed`` is for callers that are systems: the gateway asks them for a key, not for a token.
    """
    translations = dict(errors or {})

    def decorate(handle: Handler) -> LambdaHandler:
        @wraps(handle)
        def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
            trace = Trace.from_headers(_lower_case(event.get("headers")))
            try:
                request = _parse(event, trace, keyed)
                response = handle(request)
            except Exception as raised:
                problem = _as_problem(raised, translations, trace)
                document = problem.document(_path(event), trace.correlation_id)
                answer = _answer(
                    problem.status, document, problems.PROBLEM_JSON, problem.headers, trace
                )
            else:
                answer = _answer(
                    response.status, response.body, "application/json", response.headers, trace
                )
            log.info(
                "request answered",
                method=event.get("httpMethod"),
                route=event.get("resource"),  # not the path, which names whose order it is
                status=answer["statusCode"],
                correlation_id=trace.correlation_id,
            )
            return answer

        return handler

    return decorate


def _parse(event: dict[str, Any], trace: Trace, keyed: bool) -> Request:
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(body, validate=True)
        except ValueError as malformed:
            raise problems.invalid_request("the body is not base64") from malformed
    else:
        raw = body.encode("utf-8", "surrogatepass")
    context = event["requestContext"]
    customer_id = "" if keyed else _subject(context)
    if not keyed and not customer_id:
        raise Problem(401, "unauthorized", "Who are you?", "the token names no subject")
    return Request(
        method=event["httpMethod"],
        path=event["path"],
        request_id=context["requestId"],
        customer_id=customer_id,
        trace=trace,
        headers=_lower_case(event.get("headers")),
        path_parameters=event.get("pathParameters") or {},
        query=event.get("queryStringParameters") or {},
        body=raw,
        api_key_id=(context.get("identity") or {}).get("apiKeyId"),
        claims=(context.get("authorizer") or {}).get("claims") or {},
    )


def _subject(context: Mapping[str, Any]) -> str:
    """Who calls, as a user pool's token says or a Lambda authorizer does; empty if nobody did."""
    authorizer = context.get("authorizer") or {}
    claims = authorizer.get("claims") or {}
    return claims.get("sub") or authorizer.get("principalId") or ""


def _path(event: Mapping[str, Any]) -> str:
    """A caller may write half a surrogate pair into a path, which no JSON document can carry."""
    path: str = event.get("path") or ""
    return path.encode("utf-8", "replace").decode()


def _as_problem(
    raised: Exception,
    translations: Mapping[type[Exception], Callable[[Any], Problem]],
    trace: Trace,
) -> Problem:
    if isinstance(raised, Problem):
        return raised
    for kind in type(raised).__mro__:
        if kind in translations:
            return translations[kind](raised)
    log.error(
        "request failed",
        error=type(raised).__name__,
        code=getattr(raised, "response", {}).get("Error", {}).get("Code"),
        # Frames only: an exception's own words may quote the request, and so a person.
        frames=traceback.format_tb(raised.__traceback__),
        correlation_id=trace.correlation_id,
    )
    log.metric("UnhandledErrors", 1)
    return Problem(500, "internal-error", "Something broke on our side", "it has been logged")


def _answer(
    status: int, body: Any, content_type: str, headers: Mapping[str, str], trace: Trace
) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": content_type,
            "Cache-Control": "no-store",
            **BROWSERS,
            "X-Correlation-Id": trace.correlation_id,
            **headers,
        },
        "body": "" if body is None else msgspec.json.encode(body).decode(),
    }


def _lower_case(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}


def _violation(invalid: msgspec.ValidationError) -> Violation:
    """From msgspec's words, such as ``Expected `int`, got `str` - at `$.lines[0].quantity```."""
    match = _AT.match(str(invalid))
    path = (match and match["path"]) or "$"
    path = path.partition("[...]")[0]  # msgspec does not say at which key of a mapping
    pointer = re.sub(r"\[(\d+)\]", r".\1", path).removeprefix("$").replace(".", "/")
    return Violation(pointer, match["detail"] if match else str(invalid))
